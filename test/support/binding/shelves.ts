import jsonpatch, { type Operation } from "fast-json-patch";
import { parsePod } from "../../../src/api/parse-pod.ts";
import type { Pod } from "../../../src/api/pod.ts";
import type { BindingPods } from "../../../src/binding/pods.ts";
import type { BoundNode, ReselectContext } from "../../../src/binding/reselection.ts";
import type { Profile } from "../../../src/hardware/profile.ts";
import { trimPod } from "../../../src/inventory/pods.ts";
import type { JsonPatchOperation } from "../../../src/kubernetes/client/requests.ts";
import { KubernetesError } from "../../../src/kubernetes/error.ts";
import type { EventFacts } from "../../../src/kubernetes/events/event.ts";
import { parseReference, type Reference, repositoryName } from "../../../src/oci/reference.ts";
import type { PlacedProfile } from "../../../src/placement/placement.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import type { Image } from "../../../src/registry/images.ts";
import { ReselectMemory } from "../../../src/rewriting/memory.ts";
import { Selections } from "../../../src/rewriting/selections.ts";
import type { AdmissionRequest } from "../../../src/webhook/review.ts";
import { testNoteKeys } from "../note-keys.ts";
import { digestOf } from "../oci/indexes.ts";
import { type Build, machine, variants } from "../variants.ts";

/** A registry of indexes by reference, which counts what it is asked. */
export class Shelf {
  readonly asked: string[] = [];
  /** While it is set, indexes are read without their builds: their registry fails. */
  incomplete = false;
  readonly #images = new Map<string, Image>();
  #away = false;

  /** The index and its builds; gives the index's digest. */
  add(reference: string, ...builds: readonly (Build | string)[]): string {
    const parsed = parseReference(reference);
    const digest = digestOf(`index ${reference} ${JSON.stringify(builds)}`);
    const descriptor = { mediaType: "application/vnd.oci.image.index.v1+json", digest, size: 1 };
    const image: Image = { kind: "index", reference: parsed, descriptor, variants: variants(...builds), warnings: [] };
    this.#images.set(`${repositoryName(parsed)}:${parsed.tag ?? "latest"}`, image);
    this.#images.set(`${repositoryName(parsed)}@${digest}`, image);
    for (const variant of image.variants) {
      const key = `${repositoryName(parsed)}@${variant.digest}`;
      this.#images.set(key, { kind: "manifest", reference: parsed, descriptor: variant });
    }
    return digest;
  }

  away(away: boolean): void {
    this.#away = away;
  }

  lookup(reference: Reference): Promise<Image> {
    const name = repositoryName(reference);
    const key = reference.digest === undefined ? `${name}:${reference.tag ?? "latest"}` : `${name}@${reference.digest}`;
    this.asked.push(key);
    if (this.#away) return Promise.reject(new RegistryError("UNREACHABLE", "away"));
    const image = this.#images.get(key);
    if (image === undefined) return Promise.reject(new RegistryError("NOT_FOUND", key));
    const lacking = this.incomplete && image.kind === "index";
    return Promise.resolve(lacking ? { ...image, variants: [], unread: [0], incomplete: true } : image);
  }
}

/** What the handlers are given, over a shelf. */
export function contextOf(shelf: Shelf, memory = new ReselectMemory()): ReselectContext {
  const selections = new Selections();
  return {
    async lookup(reference, pod, namespace) {
      const image = await shelf.lookup(reference);
      memory.put(reference, pod, namespace, image);
      return image;
    },
    remembered: (reference, digest, pod, namespace) => memory.get(reference, digest, pod, namespace),
    judge: (image, landings, how, signal) => selections.judge(image, landings, how, signal),
    runs: (image, digest, landings, accelerated, signal) =>
      selections.runs(image, digest, landings, accelerated, signal),
    mayAsk: (registry) => registry !== "forbidden.example.com",
    imageForm: "digest",
    noteKeys: () => testNoteKeys,
  };
}

function profileOf(...features: readonly string[]): Profile {
  const { platform, features: offered } = machine(...features);
  const accelerators = offered.filter(({ namespace }) => namespace === "nvcap");
  const others = offered.filter(({ namespace }) => namespace !== "nvcap");
  return { id: features.join("_"), platform, features: others, accelerators, notes: [] };
}

/** A node that offers these features; what every other candidate offers may be added. */
export function nodeOf(
  name: string,
  features: readonly string[],
  ...others: readonly (readonly string[])[]
): BoundNode {
  const place = (offers: readonly string[]): PlacedProfile => ({
    profile: profileOf(...offers),
    machineTypes: [`type-${name}`],
    nodes: 1,
    templates: 0,
    example: { kind: "node", name },
  });
  const landings = [place(features)];
  return { name, landings, candidates: [...landings, ...others.map(place)] };
}

/** Pods as an API server keeps them: a JSON Patch is applied as a whole or refused. */
export class PodShelf implements BindingPods {
  readonly pods = new Map<string, Pod>();
  readonly patches: (readonly JsonPatchOperation[])[] = [];
  reads = 0;
  /** Called before each patch is applied: what another writer does meanwhile. */
  meanwhile: ((attempt: number) => void) | undefined;
  /** Refuses each write. */
  refuse: KubernetesError | undefined;

  set(pod: Pod): Pod {
    this.pods.set(pod.metadata.name ?? "", pod);
    return pod;
  }

  /** What the handler remembers. */
  readonly cache = new Map<string, Pod>();

  known(_namespace: string, name: string): Pod | undefined {
    return this.cache.get(name);
  }

  read(_namespace: string, name: string): Promise<Pod | undefined> {
    this.reads++;
    return Promise.resolve(this.pods.get(name));
  }

  write(
    _namespace: string,
    name: string,
    operations: readonly JsonPatchOperation[],
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    this.patches.push(operations);
    this.meanwhile?.(this.patches.length);
    if (this.refuse !== undefined) return Promise.reject(this.refuse);
    const pod = this.pods.get(name);
    if (pod === undefined) return Promise.reject(new KubernetesError("NOT_FOUND", "no such Pod"));
    try {
      this.pods.set(name, applyAsServer(pod, operations));
      return Promise.resolve();
    } catch (cause) {
      return Promise.reject(new KubernetesError("INVALID", "a test failed", { status: 422, cause }));
    }
  }
}

/** As evanphx/json-patch: a `test` for null passes where the last step of the path leads nowhere. */
function applyAsServer(pod: Pod, operations: readonly JsonPatchOperation[]): Pod {
  const document = structuredClone(pod);
  const applied: Operation[] = [];
  for (const operation of operations) {
    if (operation.op === "move" || operation.op === "copy") throw new Error("not written by us");
    if (operation.op !== "test" || operation.value !== null) applied.push(operation);
    else if ((jsonpatch.getValueByPointer(document, operation.path) ?? null) !== null) {
      throw new Error(`${operation.path} is there`);
    }
  }
  return jsonpatch.applyPatch(document, applied, true, false).newDocument;
}

/** When the Pods of `podOf` came to be. */
const createdAt = "2026-11-23T11:59:00Z";

export function podOf(
  name: string,
  image: string,
  more: { annotations?: object; labels?: object; spec?: object } = {},
): Pod {
  const { spec, ...metadata } = more;
  return trimPod(
    parsePod({
      metadata: { name, namespace: "default", uid: `uid-${name}`, creationTimestamp: createdAt, ...metadata },
      spec: { containers: [{ name: "main", image }], ...spec },
    }),
  );
}

export function bindingOf(pod: string, node: string, more: object = {}): AdmissionRequest {
  return {
    uid: "review",
    operation: "CREATE",
    resource: { group: "", version: "v1", resource: "pods" },
    subResource: "binding",
    namespace: "default",
    name: pod,
    dryRun: false,
    object: { metadata: { name: pod, uid: `uid-${pod}` }, target: { kind: "Node", name: node } },
    oldObject: undefined,
    ...more,
  };
}

/** Keeps what would have become Events. */
export class EventShelf {
  readonly facts: EventFacts[] = [];
  record(facts: EventFacts): void {
    this.facts.push(facts);
  }
  get reasons(): readonly string[] {
    return this.facts.map(({ reason }) => reason);
  }
}
