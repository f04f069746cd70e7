import { createHash } from "node:crypto";

/** Who asked what. */
export interface Witness {
  /** Host and repository as the image names them, also for what a redirect or a token server is asked. */
  readonly repository: string;
  readonly account: string;
  /** The namespace; undefined where one user has the client to itself. */
  readonly tenant: string | undefined;
}

/** Repositories, accounts and namespaces that must all have seen it before a failure is the host's own. */
const several = 2;

/**
 * Who saw a host fail to answer. One tenant can have as many repositories that fail as it likes, and as many accounts,
 * but not as many namespaces: the host is to blame only where several of each saw it.
 */
export class Witnesses {
  readonly #repositories = new Set<string>();
  readonly #accounts = new Set<string>();
  readonly #tenants = new Set<string>();
  #failures = 0;

  add({ repository, account, tenant }: Witness): void {
    this.#failures += 1;
    note(this.#repositories, repository);
    note(this.#accounts, account);
    note(this.#tenants, tenant ?? account);
  }

  /** Whether that many failures were seen, by several of each. */
  agree(failures: number): boolean {
    const all = [this.#repositories, this.#accounts, this.#tenants];
    return this.#failures >= failures && all.every(({ size }) => size >= several);
  }

  clear(): void {
    this.#failures = 0;
    for (const seen of [this.#repositories, this.#accounts, this.#tenants]) seen.clear();
  }
}

/** As a hash: names are long as strangers like, and only their number counts. */
function note(seen: Set<string>, name: string): void {
  if (seen.size < several) seen.add(createHash("sha256").update(name).digest("base64url").slice(0, 22));
}
