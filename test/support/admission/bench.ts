import jsonpatch, { type Operation } from "fast-json-patch";
import type { AdmissionContext } from "../../../src/admission/copies.ts";
import type { UnprovenNotes } from "../../../src/admission/earlier-notes.ts";
import { PodHandler } from "../../../src/admission/handler.ts";
import { createAdmissionMetrics } from "../../../src/admission/metrics.ts";
import type { SteeringOptions } from "../../../src/admission/steer.ts";
import { parseMachineType } from "../../../src/api/parse-machine-type.ts";
import { parseNode } from "../../../src/api/parse-node.ts";
import { parsePod } from "../../../src/api/parse-pod.ts";
import type { Pod } from "../../../src/api/pod.ts";
import { plainContext } from "../../../src/inventory/inventory.ts";
import { type Snapshot, SnapshotBuilder } from "../../../src/inventory/snapshot.ts";
import { type Reference, repositoryName } from "../../../src/oci/reference.ts";
import type { VariantList } from "../../../src/oci/variant.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import type { Image } from "../../../src/registry/images.ts";
import { ReselectMemory } from "../../../src/rewriting/memory.ts";
import { Selections } from "../../../src/rewriting/selections.ts";
import { createLogger, type Logger } from "../../../src/telemetry/log.ts";
import { createRegistry } from "../../../src/telemetry/metrics.ts";
import type { Reach } from "../../../src/webhook/reach.ts";
import type { AdmissionRequest, AdmissionResponse } from "../../../src/webhook/review.ts";
import { testNoteKeys } from "../note-keys.ts";
import { digestOf } from "../oci/indexes.ts";
import { variants } from "../variants.ts";

const mediaType = "application/vnd.oci.image.index.v1+json";

/** A snapshot of nodes with one machine type each, of the same name; `features` by name of the node. */
function machines(features: Readonly<Record<string, readonly string[]>>): Snapshot {
  const names = Object.keys(features);
  const nodes = names.map((name) =>
    parseNode({
      metadata: { name, labels: { pool: name, "kubernetes.io/hostname": name } },
      status: { nodeInfo: { operatingSystem: "linux", architecture: "amd64", kernelVersion: "6.1.0" } },
    }),
  );
  const types = names.map((name) =>
    parseMachineType({
      apiVersion: "metahub.dev/v1alpha1",
      kind: "MachineType",
      metadata: { name },
      spec: { nodeSelector: { matchLabels: { pool: name } }, features: features[name] },
    }),
  );
  return new SnapshotBuilder().build(nodes, types, plainContext);
}

export interface Answer extends AdmissionResponse {
  /** As the API server would store it. */
  readonly pod: Pod;
  readonly operations: readonly Operation[];
}

export interface WorldOptions {
  readonly machines?: Readonly<Record<string, readonly string[]>>;
  readonly context?: Partial<AdmissionContext>;
  readonly steering?: SteeringOptions;
  /** Absent: nothing is logged. */
  readonly log?: Logger;
  /** What the handler is told of every namespace. */
  readonly reach?: Reach;
  readonly unprovenNotes?: UnprovenNotes;
}

/** The handler of Pods among four machines and a registry with a few images. */
export class World {
  readonly #images = new Map<string, Image>();
  readonly handler: PodHandler;
  /** References that the registry was asked for. */
  readonly asked: string[] = [];
  registryAway = false;

  constructor(options: WorldOptions = {}) {
    const { machines: given, context, steering, log = createLogger("silent"), reach, unprovenNotes } = options;
    const snapshot = machines(
      given ?? {
        node1: ["cpu:broadwell"],
        node2: ["cpu:skylake"],
        node3: ["cpu:unheard"],
        node4: ["cpu:broadwell", "nvcap:5.2"],
      },
    );
    const memory = new ReselectMemory();
    const selections = new Selections();
    this.handler = new PodHandler({
      metrics: createAdmissionMetrics(createRegistry()),
      log,
      now: () => new Date("2026-11-23T12:00:00Z"),
      ...(steering === undefined ? {} : { steering }),
      ...(unprovenNotes === undefined ? {} : { unprovenNotes }),
      ...(reach === undefined ? {} : { reach: { of: async () => reach } }),
      context: {
        place: (pod) => snapshot.placement.place(pod).profiles,
        lookup: async (reference, pod, namespace) => {
          const image = this.#lookup(reference);
          memory.put(reference, pod, namespace, image);
          return image;
        },
        remembered: (reference, digest, pod, namespace) => memory.get(reference, digest, pod, namespace),
        judge: (image, landings, how, signal) => selections.judge(image, landings, how, signal),
        mayAsk: (registry) => registry !== "forbidden.example",
        imageForm: "digest",
        noteKeys: () => testNoteKeys,
        atBinding: true,
        ...context,
      },
    });
  }

  /** An index, under its tag; what each build requires, by name. `more` is what else was read. Returns its digest. */
  publish(
    repository: string,
    tag: string,
    builds: Readonly<Record<string, string>>,
    more: Pick<VariantList, "written" | "unread"> = {},
  ): string {
    const digest = digestOf(`index of ${repository}: ${JSON.stringify(builds)}`);
    const name = `docker.io/${repository}`;
    const reference = { registry: "docker.io", repository, name: repository };
    const list = variants(...Object.entries(builds).map(([build, features]) => ({ name: build, features })));
    const image = {
      kind: "index",
      reference,
      descriptor: { mediaType, digest, size: 1 },
      variants: list,
      warnings: [],
      ...more,
    } as const;
    this.#images.set(`${name}:${tag}`, image);
    this.#images.set(`${name}@${digest}`, image);
    for (const { digest: child } of list) {
      const descriptor = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: child, size: 1 };
      this.#images.set(`${name}@${child}`, { kind: "manifest", reference, descriptor });
    }
    return digest;
  }

  /** What the handler answers, as `kubectl create` would see it; with `old`, as an update of that Pod. */
  async review(object: object, old?: object, subResource?: string): Promise<Answer> {
    const { request, signal } = this.requestOf(object, old, subResource);
    const { response } = await this.handler.handle(request, signal);
    const text = Buffer.from(response.patch ?? "", "base64").toString();
    const operations: Operation[] = text === "" ? [] : JSON.parse(text);
    const stored: unknown = jsonpatch.applyPatch(structuredClone(object), operations, true).newDocument;
    return { ...response, operations, pod: parsePod(stored) };
  }

  requestOf(object: object, old?: object, subResource?: string): { request: AdmissionRequest; signal: AbortSignal } {
    const request: AdmissionRequest = {
      uid: "u",
      operation: old === undefined ? "CREATE" : "UPDATE",
      resource: { group: "", version: "v1", resource: "pods" },
      ...(subResource === undefined ? {} : { subResource }),
      namespace: "default",
      name: "",
      dryRun: false,
      object,
      oldObject: old,
    };
    return { request, signal: AbortSignal.timeout(10_000) };
  }

  #lookup(reference: Reference): Image {
    const name = repositoryName(reference);
    const key = reference.digest === undefined ? `${name}:${reference.tag ?? "latest"}` : `${name}@${reference.digest}`;
    this.asked.push(key);
    if (this.registryAway) throw new RegistryError("UNREACHABLE", "away");
    const image = this.#images.get(key);
    if (image === undefined) throw new RegistryError("NOT_FOUND", key);
    return image;
  }
}

/** The builds of the scenario. */
export const bench = {
  broadwell: "cpu:broadwell",
  skylake: "cpu:skylake",
  gpu: "cpu:broadwell,nvcap:5.2",
  generic: "",
} as const;

/** The reference of a build. */
export function buildOf(name: string, repository = "qnib/bench"): string {
  return `${repository}@${digestOf(name)}`;
}

export const onNode = (name: string): object => ({ nodeSelector: { "kubernetes.io/hostname": name } });

export interface PodParts {
  readonly image?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: object;
}

/** A Pod with a container `main`. */
export function podWith({ image = "qnib/bench", annotations, spec = {} }: PodParts = {}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", ...(annotations === undefined ? {} : { annotations }) },
    spec: { containers: [{ name: "main", image }], ...spec },
  };
}

export const imageOf = (pod: Pod): string | undefined => pod.spec.containers?.[0]?.image;
