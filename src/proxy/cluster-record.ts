import { createHash } from "node:crypto";
import { z } from "zod";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { type ObjectTarget, resource } from "../kubernetes/resource.ts";
import { keyOf, type MadeIndex, type MadeRecord, readMade } from "./made-record.ts";

const configMaps = resource({ group: "", version: "v1", plural: "configmaps", namespaced: true });
const fieldManager = "metahub-proxy";

const configMapSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).default({}),
});
type ConfigMap = z.infer<typeof configMapSchema>;

/** Bytes of keys and values from which the oldest go: a ConfigMap has at most 1 MiB. Some 2,000 indexes. */
const defaultMostBytes = 768 * 1_024;
/** Indexes of one patch: with ten replicas that write at once, what is above the bound stays below a ConfigMap's. */
const mostOfPatch = 64;
/** Longest that an answer waits for the API server, ms. */
const callMs = 2_000;

export interface ClusterRecordOptions {
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
 * A ConfigMap that replicas share: a key for each index, so that a merge patch of one replica never undoes another's. It is
 * read when it is needed, and no copy of it waits for a watch: whoever was told of an index may ask another replica at once.
 */
export class ClusterRecord implements MadeRecord {
  readonly place: string;
  readonly #options: ClusterRecordOptions;
  readonly #target: ObjectTarget;
  #seen = "";

  constructor(options: ClusterRecordOptions) {
    const { namespace, name } = options;
    this.place = `ConfigMap ${namespace}/${name}`;
    this.#options = options;
    this.#target = { resource: configMaps, namespace, name };
  }

  async add(made: readonly MadeIndex[]): Promise<void> {
    const at = Math.floor(this.#options.now().getTime() / 1_000);
    for (let from = 0; from < made.length; from += mostOfPatch) {
      const entries = made
        .slice(from, from + mostOfPatch)
        .map((one): [string, string] => [nameOf(one), JSON.stringify({ ...one, at })]);
      await this.#shorten(await this.#patch(Object.fromEntries(entries)));
    }
  }

  async read(): Promise<readonly MadeIndex[] | undefined> {
    const { client, signal } = this.#options;
    const parse = configMapSchema.parse.bind(configMapSchema);
    const { data, metadata } = await client.get(this.#target, { signal, timeoutMs: callMs, parse });
    if (metadata.resourceVersion === this.#seen) return undefined;
    this.#seen = metadata.resourceVersion;
    return inOrder(data).flatMap(([, text]) => readMade(text) ?? []);
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

  async #patch(data: Readonly<Record<string, string | null>>): Promise<ConfigMap> {
    const { client, signal } = this.#options;
    const parse = configMapSchema.parse.bind(configMapSchema);
    const options = { signal, timeoutMs: callMs, fieldManager, parse };
    return await client.patch(this.#target, { type: "merge", body: { data } }, options);
  }
}

/** Keys of a ConfigMap take no slash and no colon. */
function nameOf(made: MadeIndex): string {
  return createHash("sha256").update(keyOf(made)).digest("hex").slice(0, 32);
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
