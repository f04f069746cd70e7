import type { Pool } from "undici";
import { RegistryError } from "./error.ts";

export interface PoolLimits {
  /** Origins with a pool. */
  readonly total: number;
  /** Those among them that one namespace opened. */
  readonly perNamespace: number;
}

interface Opened {
  readonly pool: Pool;
  readonly namespace: string | undefined;
  users: number;
}

/** A pool that stays open until it is released, once or more. */
export interface Lease {
  readonly pool: Pool;
  release(): void;
}

/**
 * Connection pools, bounded in number: for a new one, one that nobody uses is closed, of the same namespace where that
 * has its share, and the one that was used longest ago. Those in use are never more than there are places for requests.
 */
export class Pools {
  readonly #limits: PoolLimits;
  readonly #open: (origin: string) => Pool;
  /** The one that was used longest ago stands first. */
  readonly #pools = new Map<string, Opened>();

  constructor(limits: PoolLimits, open: (origin: string) => Pool) {
    this.#limits = limits;
    this.#open = open;
  }

  get size(): number {
    return this.#pools.size;
  }

  /** @throws RegistryError OVERLOADED where all are in use */
  lease(origin: string, namespace: string | undefined): Lease {
    const opened = this.#pools.get(origin) ?? this.#make(origin, namespace);
    this.#pools.delete(origin);
    this.#pools.set(origin, opened);
    opened.users += 1;
    let held = true;
    return {
      pool: opened.pool,
      release: () => {
        if (held) opened.users -= 1;
        held = false;
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#pools.values(), ({ pool }) => pool.destroy()));
  }

  #make(origin: string, namespace: string | undefined): Opened {
    if (namespace !== undefined) {
      const own = [...this.#pools].filter(([, opened]) => opened.namespace === namespace);
      if (own.length >= this.#limits.perNamespace) this.#closeOne(own);
    }
    if (this.#pools.size >= this.#limits.total) this.#closeOne([...this.#pools]);
    return { pool: this.#open(origin), namespace, users: 0 };
  }

  #closeOne(among: readonly (readonly [origin: string, opened: Opened])[]): void {
    const idle = among.find(([, { users }]) => users === 0);
    if (idle === undefined) {
      throw new RegistryError("OVERLOADED", "too many registries are spoken to at once; retry later");
    }
    const [origin, { pool }] = idle;
    this.#pools.delete(origin);
    // Nobody waits for it, and it fails for nobody.
    pool.destroy().catch(() => undefined);
  }
}
