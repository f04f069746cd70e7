import jsonpatch, { type Operation } from "fast-json-patch";
import { pino } from "pino";
import { authorityLifetimeMs, certificateLifetimeMs } from "../../../src/certificates/folder.ts";
import { CertificateDuty } from "../../../src/keeper/certificate-duty.ts";
import { type ConfigurationName, Configurations } from "../../../src/keeper/configurations.ts";
import type { KeeperContext } from "../../../src/keeper/context.ts";
import { Keeper } from "../../../src/keeper/keeper.ts";
import { KeyDuty } from "../../../src/keeper/key-duty.ts";
import { PathDuty } from "../../../src/keeper/path-duty.ts";
import { TokenKeyDuty } from "../../../src/keeper/token-key-duty.ts";
import { Writes } from "../../../src/keeper/writes.ts";
import { KubernetesError, type KubernetesErrorCode } from "../../../src/kubernetes/error.ts";
import { SecretStore } from "../../../src/kubernetes/secrets/store.ts";
import type { ManualClock } from "../manual-clock.ts";

interface Target {
  readonly resource: { readonly plural: string };
  readonly name: string;
}
type Stored = Record<string, unknown> & { metadata: Record<string, unknown> & { name: string } };

/** Secrets and webhook configurations as an API server keeps them: versions, conflicts and JSON patches. For clocks and faults. */
export class MemoryCluster {
  readonly objects = new Map<string, Stored>();
  /** What was done, as `PATCH mutatingwebhookconfigurations/metahub-webhook`. */
  readonly done: string[] = [];
  /** Writes that fail: a part of what `done` would say, and the code. */
  readonly failing = new Map<string, readonly [KubernetesErrorCode, string]>();
  #version = 0;

  put(plural: string, object: Stored): void {
    this.#version += 1;
    const metadata = { uid: `u${this.#version}`, ...object.metadata, resourceVersion: String(this.#version) };
    this.objects.set(`${plural}/${object.metadata.name}`, { ...object, metadata });
  }

  object(key: string): Stored {
    const found = this.objects.get(key);
    if (found === undefined) throw new KubernetesError("NOT_FOUND", `${key}: not found`);
    return structuredClone(found);
  }

  /** Texts of a Secret. */
  secret(name: string): Record<string, string> {
    const { data } = this.object(`secrets/${name}`);
    const entries = Object.entries(data as Record<string, string>);
    return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
  }

  readonly client = {
    get: async ({ resource, name }: Target) => this.object(`${resource.plural}/${name}`),
    create: async ({ resource }: Target, body: Stored) => {
      const key = this.#write("POST", resource.plural, body.metadata.name);
      if (this.objects.has(key)) throw new KubernetesError("ALREADY_EXISTS", key);
      this.put(resource.plural, body);
      return this.object(key);
    },
    update: async ({ resource, name }: Target, body: Stored) => {
      const key = this.#write("PUT", resource.plural, name);
      if (this.object(key).metadata["resourceVersion"] !== body.metadata["resourceVersion"]) {
        throw new KubernetesError("CONFLICT", key);
      }
      this.put(resource.plural, body);
      return this.object(key);
    },
    patch: async ({ resource, name }: Target, { operations }: { readonly operations: Operation[] }) => {
      const key = this.#write("PATCH", resource.plural, name);
      const { newDocument } = jsonpatch.applyPatch(this.object(key), operations, true);
      this.put(resource.plural, newDocument);
      return this.object(key);
    },
    delete: async ({ resource, name }: Target, { preconditions }: { readonly preconditions?: object }) => {
      const key = this.#write("DELETE", resource.plural, name);
      const { metadata } = this.object(key);
      for (const [member, value] of Object.entries(preconditions ?? {})) {
        if (metadata[member] !== value) throw new KubernetesError("CONFLICT", key);
      }
      this.objects.delete(key);
    },
  };

  #write(verb: string, plural: string, name: string): string {
    const key = `${plural}/${name}`;
    for (const [part, [code, message]] of this.failing) {
      if (`${verb} ${key}`.includes(part)) throw new KubernetesError(code, message);
    }
    this.done.push(`${verb} ${key}`);
    return key;
  }
}

/** A webhook configuration as the chart makes it. `path` and `caBundle` are the keeper's, save in former ones. */
export function configuration(name: string, path?: string): Stored {
  const service = { name: "metahub-webhook", namespace: "metahub-system", ...(path === undefined ? {} : { path }) };
  return { metadata: { name }, webhooks: [{ name: "pods.metahub.dev", clientConfig: { service } }] };
}

export const hosts = ["metahub-webhook.metahub-system.svc"];
export const lifeMs = 24 * 3_600_000;

export interface KeeperBench {
  readonly keeper: Keeper;
  /** Lines that were logged. */
  readonly lines: readonly string[];
  /** What the metrics were told. */
  readonly told: readonly string[];
}

/** A keeper of the cluster. `unaware`: replicas that do not know a segment, at each moment. */
export function keeperOf(
  cluster: MemoryCluster,
  clock: ManualClock,
  unaware: () => readonly string[] = () => [],
): KeeperBench {
  const lines: string[] = [];
  const told: string[] = [];
  const log = pino({ base: null, level: "debug" }, { write: (line) => void lines.push(line) });
  const metrics = {
    looked: (outcome: string) => void told.push(`looked ${outcome}`),
    wrote: (what: string) => void told.push(`wrote ${what}`),
    waitsFor: () => undefined,
    open: (isOpen: boolean) => void told.push(`open ${isOpen}`),
  };
  const client = cluster.client as never;
  const shared: KeeperContext = {
    configurations: new Configurations(client),
    metrics,
    writes: new Writes(metrics),
    log,
    clock,
  };
  const store = (name: string, type: "Opaque" | "kubernetes.io/tls" = "Opaque"): SecretStore =>
    new SecretStore({ client, namespace: "metahub-system", name, type, labels: { a: "b" }, fieldManager: "test" });
  const named = (name: string): ConfigurationName => ({ kind: "MutatingWebhookConfiguration", name });
  const keeper = new Keeper({
    ...shared,
    certificates: new CertificateDuty({
      ...shared,
      authority: store("authority"),
      serving: store("tls", "kubernetes.io/tls"),
      hosts,
      authorityLifetimeMs,
      certificateLifetimeMs,
    }),
    keys: new KeyDuty({ ...shared, keys: store("keys"), pathLifeMs: lifeMs }),
    paths: new PathDuty({ ...shared, replicas: { unaware: async () => unaware() }, pathLifeMs: lifeMs }),
    tokenKeys: new TokenKeyDuty({ ...shared, keys: store("token-keys") }),
    current: [named("metahub-webhook")],
    former: [named("metahub")],
    resyncMs: 60_000,
  });
  return { keeper, lines, told };
}
