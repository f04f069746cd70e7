import type { z } from "zod";
import { ApiError } from "../../api/error.ts";
import { usernameOf } from "../../api/machine-credential.ts";
import { type ClientText, clientTexts } from "../../identity/client-lines.ts";
import type { CredentialStore } from "../../identity/credential-store.ts";
import { idOf } from "../../identity/credentials.ts";
import {
  createCredential,
  type MadeCredential,
  revokeCredential,
  rotateCredential,
  toTime,
} from "../../identity/keep.ts";
import { type ListedCredential, listCredentials } from "../../identity/listing.ts";
import type {
  CredentialView,
  credentialDraft,
  credentials,
  MadeCredentialView,
  rotation,
} from "../contract/credentials.ts";
import { digestOf } from "./objects.ts";
import { invalid, notFound } from "./problems.ts";

/** Where people's clients log in where no address of the registry was given. */
const unknownServer = "REGISTRY";

export interface KeptCredentialsOptions {
  readonly store: CredentialStore & {
    /** Rejects where something could not be read: what is not found may be in it. */
    whole?(signal: AbortSignal): Promise<void>;
  };
  /** Host, or host and port, of the filtering registry. */
  readonly registry: string | undefined;
  readonly now: () => Date;
}

/** The credentials of machine types, in one store. Failures are thrown as `identity/keep.ts` and the store do. */
export class KeptCredentials {
  readonly #options: KeptCredentialsOptions;

  constructor(options: KeptCredentialsOptions) {
    this.#options = options;
  }

  async of(machineType: string, signal: AbortSignal): Promise<z.infer<typeof credentials>> {
    const items = (await this.#listed(machineType, signal)).map(({ listed, id }) => credentialView(listed, id));
    return { items, version: digestOf(items) };
  }

  /** How many count now. */
  async active(machineType: string, signal: AbortSignal): Promise<number> {
    return (await this.#listed(machineType, signal)).filter(({ listed }) => listed.state === "active").length;
  }

  async create(
    machineType: string,
    draft: z.infer<typeof credentialDraft>,
    signal: AbortSignal,
  ): Promise<MadeCredentialView> {
    const { name, repositories = [], expires } = draft;
    const spec = {
      machineType,
      ...(repositories.length === 0 ? {} : { repositories }),
      ...(expires === undefined ? {} : { expires: inSeconds(expires, this.#options.now()) }),
    };
    const made = await createCredential({ name, spec }, this.#keeping(signal)).catch((error: unknown) => {
      throw error instanceof ApiError ? inDraft(error) : error;
    });
    return this.#made(made);
  }

  async rotate(
    machineType: string,
    id: string,
    { overlapSeconds }: z.infer<typeof rotation>,
    signal: AbortSignal,
  ): Promise<MadeCredentialView> {
    await this.#find(machineType, id, signal);
    const how = { name: id, overlapMs: overlapSeconds * 1_000, expires: undefined };
    const { formerEnds, ...made } = await rotateCredential(how, this.#keeping(signal));
    return { ...this.#made(made), formerEnds };
  }

  async revoke(machineType: string, id: string, signal: AbortSignal): Promise<CredentialView> {
    await this.#find(machineType, id, signal);
    await revokeCredential(id, this.#keeping(signal));
    return await this.#find(machineType, id, signal);
  }

  /** One of another machine type is as if it were not there. @throws ConsoleError 404 */
  async #find(machineType: string, id: string, signal: AbortSignal): Promise<CredentialView> {
    const found = (await this.#listed(machineType, signal)).find((one) => one.id === id);
    if (found === undefined) {
      await this.#options.store.whole?.(signal);
      throw notFound(`credential ${id} of machine type ${machineType}`);
    }
    return credentialView(found.listed, found.id);
  }

  async #listed(
    machineType: string,
    signal: AbortSignal,
  ): Promise<readonly { readonly listed: ListedCredential; readonly id: string }[]> {
    const { store } = this.#options;
    const all = await listCredentials(this.#keeping(signal));
    const own = all.filter(({ spec }) => spec.machineType === machineType);
    // A namespace holds each name once; files may hold the same one for several namespaces.
    return own.map((listed) => ({
      listed,
      id: store.namespace === undefined ? listed.id : listed.id.slice(store.namespace.length + 1),
    }));
  }

  #keeping(signal: AbortSignal) {
    const { store, now } = this.#options;
    return { store, now: now(), signal };
  }

  #made({ credential, secret }: MadeCredential): MadeCredentialView {
    const { store, registry = unknownServer } = this.#options;
    const username = usernameOf(credential);
    const { repositories, expires } = credential.spec;
    const lines: readonly ClientText[] = clientTexts({ username, secret, server: registry });
    return {
      credential: {
        id: store.namespace === undefined ? idOf(credential) : credential.metadata.name,
        username,
        state: "active",
        ...(repositories === undefined ? {} : { repositories: [...repositories] }),
        ...(expires === undefined ? {} : { expires }),
      },
      secret,
      lines: lines.map(({ client, text }) => ({ client, text })),
    };
  }
}

function credentialView({ username, state, spec, lastUsed }: ListedCredential, id: string): CredentialView {
  const { repositories, expires, revoked } = spec;
  return {
    id,
    username,
    state,
    ...(repositories === undefined ? {} : { repositories: [...repositories] }),
    ...(expires === undefined ? {} : { expires }),
    ...(lastUsed === undefined ? {} : { lastUsed }),
    ...(revoked === undefined ? {} : { revoked }),
  };
}

/** A draft has no spec: `repositories[0]` where the object has `spec.repositories[0]`. */
function inDraft({ code, path, message }: ApiError): ApiError {
  const alone = message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
  return new ApiError(code, path.replace(/^(?:spec|metadata)\./, ""), alone);
}

/** Browsers write milliseconds; credentials have seconds in UTC. @throws ConsoleError 422 for no time, or one that is over */
function inSeconds(expires: string, now: Date): string {
  const time = new Date(expires);
  const seconds = Number.isNaN(time.getTime()) ? "" : toTime(time);
  if (seconds > toTime(now)) return seconds;
  const message =
    seconds === ""
      ? 'must be a time, for example "2027-06-01T00:00:00Z"'
      : "must be a time to come: a credential that has expired lets nobody in";
  throw invalid(`expires ${message}`, [{ path: "expires", message }]);
}
