import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../../time/clock.ts";
import type { Person } from "../backend.ts";
import type { SignedInBackend } from "../data/data.ts";

/** Somebody who is signed in. Holds what they may do with: never log it. */
export interface Session {
  readonly person: Person;
  readonly backend: SignedInBackend;
  /** Sent with each request that changes something. */
  readonly csrf: string;
  /** Ends it whatever is done; wall time. */
  readonly ends: Date;
  /** Aborts when it is over: what it has under way ends with it. */
  readonly over: AbortSignal;
  /** Makes what it holds ready for a request, e.g. renews a token. Rejects where it cannot: the session is over then. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
}

/** A person with what they may use, to be signed in. */
export interface SignedIn extends Pick<Session, "person" | "backend"> {
  readonly refresh?: Session["refresh"];
  /** When what they signed in with ends; wall time. */
  readonly until?: Date | undefined;
}

export interface SessionOptions {
  /** Where nobody uses it for so long, a session ends, ms. */
  readonly idleMs: number;
  /** After so long it ends whatever is done, ms. */
  readonly longestMs: number;
  readonly clock: Clock;
  /** Told where what a session had open could not be closed. */
  readonly onError: (error: unknown) => void;
  readonly changed?: (count: number) => void;
}

/** Sessions of all people together; one holds a few kilobytes. One more ends the one that is idle longest. */
const mostSessions = 4_096;
/** Sessions of one person: a browser on each desk. One more ends their own that is idle longest, and nobody else's. */
const mostOfOne = 16;
/** 256 bits: nobody guesses one. */
const idBytes = 32;

interface Kept {
  readonly session: Session;
  readonly key: string;
  readonly end: AbortController;
  readonly dueAt: number;
  usedAt: number;
}

/**
 * Who is signed in, in the memory of this process: a restart signs everybody out. Kept by a hash of their id, so that
 * neither a look at the memory nor the time of a search tells an id.
 */
export class Sessions {
  readonly #options: SessionOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Where nobody uses it for so long, a session ends, ms. */
  get idleMs(): number {
    return this.#options.idleMs;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Begins a session, always with an id of its own (no fixation). @returns the id, which only the cookie may hold */
  begin({ person, backend, refresh, until }: SignedIn): { readonly id: string; readonly session: Session } {
    const { clock, longestMs } = this.#options;
    const now = clock.now();
    const wall = clock.wall().getTime();
    const lifeMs = Math.max(0, Math.min(longestMs, (until?.getTime() ?? Number.POSITIVE_INFINITY) - wall));
    const id = randomBytes(idBytes).toString("base64url");
    const end = new AbortController();
    const session: Session = {
      person,
      backend,
      csrf: randomBytes(idBytes).toString("base64url"),
      ends: new Date(wall + lifeMs),
      over: end.signal,
      refresh: refresh ?? (() => Promise.resolve()),
    };
    this.#makeRoom(person);
    const key = keyOf(id);
    this.#kept.set(key, { session, key, end, dueAt: now + lifeMs, usedAt: now });
    this.#tell();
    return { id, session };
  }

  /**
   * The session of an id; undefined where there is none, or none any more.
   * @param agoMs it counts as used so long ago; Infinity: this is no use of it
   */
  use(id: string, agoMs = 0): Session | undefined {
    const kept = this.#kept.get(keyOf(id));
    if (kept === undefined) return undefined;
    if (this.#isOver(kept)) {
      this.#end(kept);
      return undefined;
    }
    const usedAt = this.#options.clock.now() - agoMs;
    if (usedAt < kept.usedAt) return kept.session;
    kept.usedAt = usedAt;
    // Of those that were used in the same moment the one that was used last comes last.
    this.#kept.delete(kept.key);
    this.#kept.set(kept.key, kept);
    return kept.session;
  }

  /** Ends a session, with all that it has under way. */
  end(session: Session): void {
    for (const kept of this.#kept.values()) if (kept.session === session) this.#end(kept);
  }

  /** Ends those whose time is over, and those that do not count any longer for `stays`. */
  sweep(stays: (person: Person) => boolean = () => true): void {
    for (const kept of [...this.#kept.values()]) {
      if (this.#isOver(kept) || !stays(kept.session.person)) this.#end(kept);
    }
  }

  /** Ends all: the process ends. */
  endAll(): void {
    for (const kept of [...this.#kept.values()]) this.#end(kept);
  }

  #makeRoom(person: Person): void {
    const all = [...this.#kept.values()].sort((left, right) => left.usedAt - right.usedAt);
    const own = all.filter(({ session }) => isSame(session.person, person));
    if (own.length >= mostOfOne && own[0] !== undefined) this.#end(own[0]);
    const [oldest] = all;
    if (this.#kept.size >= mostSessions && oldest !== undefined) this.#end(oldest);
  }

  #isOver({ dueAt, usedAt }: Kept): boolean {
    const now = this.#options.clock.now();
    return now >= dueAt || now - usedAt >= this.#options.idleMs;
  }

  #end({ key, end, session }: Kept): void {
    if (!this.#kept.delete(key)) return;
    end.abort(new Error("the session is over"));
    session.backend.close().catch(this.#options.onError);
    this.#tell();
  }

  #tell(): void {
    this.#options.changed?.(this.#kept.size);
  }
}

function keyOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}

function isSame(one: Person, other: Person): boolean {
  return one.kind === other.kind && one.name === other.name;
}
