import { createHash } from "node:crypto";
import { z } from "zod";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import { type ObjectTarget, resource } from "../kubernetes/resource.ts";
import type { RecordForm, SharedRecord } from "./shared-record.ts";

const configMaps = resource({ group: "", version: "v1", plural: "configmaps", namespaced: true });
const fieldManager = "metahub-proxy";

const configMapSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).default({}),
});
type ConfigMap = z.infer<typeof configMapSchema>;

/** Bytes of keys and values from which the oldest go: a ConfigMap has at most 1 MiB. Some 2,000 made indexes. */
const defaultMostBytes = 768 * 1_024;
/** Bytes of one patch, unless one value alone has more: with ten replicas that write at once, what is above stays below 1 MiB. */
const bytesOfPatch = 24 * 1_024;
/** Longest that an answer waits for the API server, ms. */
const callMs = 2_000;

export interface ClusterRecordOptions<T> {
  readonly form: RecordForm<T>;
  readonly client: Pick<KubernetesClient, "get" | "patch">;
  readonly namespace: string;
  /** A ConfigMap that is there: nobody may make one of any name for this. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** Wall time: what is older goes first. Clocks of replicas need not agree to the minute. */
  readonly now: () => Date;
  readonly mostBytes?: number;
}

/**
 * A ConfigMap that replicas share: a key for each thing, so that a merge patch of one replica never undoes another's. It is
 * read when it is needed, and no copy of it waits for a watch: whoever was told of one may ask another replica at once.
 */
export class ClusterRecord<T> implements SharedRecord<T> {
  readonly place: string;
  readonly #options: ClusterRecordOptions<T>;
  readonly #target: ObjectTarget;
  #seen = "";

  constructor(options: ClusterRecordOptions<T>) {
    const { namespace, name } = options;
    this.place = `ConfigMap ${namespace}/${name}`;
    this.#options = options;
    this.#target = { resource: configMaps, namespace, name };
  }

  async add(all: readonly T[]): Promise<void> {
    const at = Math.floor(this.#options.now().getTime() / 1_000);
    const waiting = all.map((one): readonly [string, string] => this.#entryOf(one, at));
    while (waiting.length > 0) {
      const patch: Record<string, string> = {};
      let bytes = 0;
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        bytes += sizeOf(next);
        if (bytes > bytesOfPatch && Object.keys(patch).length > 0) break;
        patch[next[0]] = next[1];
        waiting.shift();
      }
      await this.#shorten(await this.#write(patch));
    }
  }

  async read(): Promise<readonly T[] | undefined> {
    const { data, metadata } = await this.#get();
    if (metadata.resourceVersion === this.#seen) return undefined;
    this.#seen = metadata.resourceVersion;
    return inOrder(data).flatMap(([, text]) => this.#options.form.read(text) ?? []);
  }

  async #write(patch: Readonly<Record<string, string>>): Promise<ConfigMap> {
    try {
      return await this.#patch(patch);
    } catch (error) {
      if (!isKubernetesError(error, "INVALID", "TOO_LARGE")) throw error;
      // Full: more replicas wrote at once than there is room for, or one ended before it could shorten it.
      await this.#shorten(await this.#get());
      return await this.#patch(patch);
    }
  }

  /** Down to three quarters, so that not every patch is followed by another one. */
  async #shorten({ data }: ConfigMap): Promise<void> {
    const { mostBytes = defaultMostBytes } = this.#options;
    let bytes = 0;
    for (const entry of Object.entries(data)) bytes += sizeOf(entry);
    if (bytes <= mostBytes) return;
    const gone: [string, null][] = [];
    for (const entry of inOrder(data)) {
      if (bytes <= 0.75 * mostBytes) break;
      bytes -= sizeOf(entry);
      gone.push([entry[0], null]);
    }
    await this.#patch(Object.fromEntries(gone));
  }

  async #get(): Promise<ConfigMap> {
    const { client, signal } = this.#options;
    const parse = configMapSchema.parse.bind(configMapSchema);
    return await client.get(this.#target, { signal, timeoutMs: callMs, parse });
  }

  async #patch(data: Readonly<Record<string, string | null>>): Promise<ConfigMap> {
    const { client, signal } = this.#options;
    const parse = configMapSchema.parse.bind(configMapSchema);
    const options = { signal, timeoutMs: callMs, fieldManager, parse };
    return await client.patch(this.#target, { type: "merge", body: { data } }, options);
  }

  /** Keys of a ConfigMap take no slash and no colon. */
  #entryOf(one: T, at: number): readonly [string, string] {
    const { form } = this.#options;
    const key = createHash("sha256").update(form.keyOf(one)).digest("hex").slice(0, 32);
    return [key, `${form.write(one).slice(0, -1)},"at":${at}}`];
  }
}

function sizeOf([key, text]: readonly [string, string]): number {
  return key.length + Buffer.byteLength(text);
}

/** The oldest first; what cannot be read is older than all. */
function inOrder(data: ConfigMap["data"]): readonly (readonly [string, string])[] {
  return Object.entries(data)
    .map((entry) => ({ entry, at: timeOf(entry[1]) }))
    .sort((left, right) => left.at - right.at)
    .map(({ entry }) => entry);
}

function timeOf(text: string): number {
  const [, at = "0"] = /,"at":(\d{1,12})\}$/.exec(text) ?? [];
  return Number(at);
}
