import {
  ApiException,
  AuthorizationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  createConfiguration,
  EventsV1Api,
  KubeConfig,
  PatchStrategy,
  ServerConfiguration,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { parsePod } from "../../../src/api/parse-pod.ts";
import type { Pod } from "../../../src/api/pod.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { PatientHttp } from "./patient-http.ts";

/** How the body of a patch is meant: the last argument of client-node's patches. */
export const patchAs = {
  json: setHeaderOptions("Content-Type", PatchStrategy.JsonPatch),
  merge: setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
  strategic: setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
} as const;

/** Where MachineTypes are, for `custom`. */
export const machineTypes = { group: "metahub.dev", version: "v1alpha1", plural: "machinetypes" } as const;

/**
 * The tests' eyes and hands in a cluster, by @kubernetes/client-node: whatever a test asks of a cluster or asserts of it
 * is seen by another client than the one that is judged.
 */
export class Witness {
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly events: EventsV1Api;
  readonly custom: CustomObjectsApi;
  readonly authorization: AuthorizationV1Api;
  readonly #http = new PatientHttp();

  constructor(config: KubeConfig) {
    this.config = config;
    const server = config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error("the kubeconfig has no current cluster");
    const configuration = createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: { default: config },
      httpApi: this.#http.library,
    });
    this.core = new CoreV1Api(configuration);
    this.events = new EventsV1Api(configuration);
    this.custom = new CustomObjectsApi(configuration);
    this.authorization = new AuthorizationV1Api(configuration);
  }

  /** The Pod as it is stored. */
  async pod(namespace: string, name: string): Promise<Pod> {
    return parsePod(plain(await this.core.readNamespacedPod({ namespace, name })));
  }

  /** Pods that the selector takes, as in `kubectl get -l`. */
  async pods(namespace: string, labelSelector: string): Promise<readonly Pod[]> {
    const { items } = await this.core.listNamespacedPod({ namespace, labelSelector });
    return items.map((item) => parsePod(plain(item)));
  }

  /** @returns the Pod as it is stored, or would be with `dryRun` */
  async createPod(namespace: string, manifest: object, { dryRun = false } = {}): Promise<Pod> {
    const request = { namespace, body: manifest, ...(dryRun ? { dryRun: "All" } : {}) };
    return parsePod(plain(await this.core.createNamespacedPod(request)));
  }

  /** Cuts its connections. */
  close(): Promise<void> {
    return this.#http.close();
  }
}

/** A witness with the rights of a kubeconfig file's current context. */
export function witnessBy(kubeconfig: string): Witness {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return new Witness(config);
}

/** A witness with the rights of the cluster's administrator. */
export function adminWitness(cluster: Cluster): Witness {
  return witnessBy(cluster.kubeconfig);
}

/** An object of client-node's as JSON has it: times are texts, and nothing is undefined. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Why the API server refused: the reason and message of its Status. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** @returns undefined where it was not refused @throws whatever else it rejects with */
export async function refusalOf(asked: Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await asked;
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const { body } = error;
    const { reason = "", message = "" } = typeof body === "string" ? JSON.parse(body) : body;
    return { reason, message };
  }
}
