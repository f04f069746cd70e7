import type { CommandOptions, CommandResult } from "./command.ts";
import type { WriteLine } from "./progress.ts";
import type { BinaryName } from "./releases.ts";

/**
 * `api`: an API server, its storage, scheduler and controllers; nodes are objects that nobody runs.
 * `nodes`: real kubelets and a container runtime; containers run and print.
 */
export type Level = "api" | "nodes";

/** `existing`: a cluster that may be used; `kind`: nodes as Docker containers; `local`: processes of this machine. */
export type ProviderName = "existing" | "kind" | "local";

export const levels: readonly Level[] = ["api", "nodes"];
export const providers: readonly ProviderName[] = ["existing", "kind", "local"];

export interface StartOptions {
  /** Default: the first of existing, kind and local that this machine has. */
  readonly provider?: ProviderName | undefined;
  readonly level: Level;
  readonly signal: AbortSignal;
  readonly progress?: WriteLine | undefined;
  /** Where everything of the cluster is kept. Default: a new folder below the system's temporary folder. */
  readonly dir?: string | undefined;
  /** The cluster outlives this process; end it with `endCluster(dir)`. Default: it ends whenever this process does. */
  readonly detached?: boolean | undefined;
  /** The scheduler's requests per second to the API server (kind, local). Default: the scheduler's own, 50. */
  readonly schedulerQps?: number | undefined;
  /** Further flags of the API server (local). */
  readonly apiServerArgs?: readonly string[] | undefined;
  /** Names of the nodes at level `nodes`. Default: node1 to node4. */
  readonly nodes?: readonly string[] | undefined;
  /** Programs to have ready besides those that the cluster itself runs, so that no later call waits for a build. */
  readonly tools?: readonly BinaryName[] | undefined;
}

/** The call options of `kubectl` and `helm`. */
type ToolOptions = Pick<CommandOptions, "input" | "timeoutMs"> & { readonly signal: AbortSignal };

export interface Cluster {
  readonly provider: ProviderName;
  readonly level: Level;
  /** Everything of the cluster, and what `attachCluster` and `endCluster` take. */
  readonly dir: string;
  /** One file for each process. */
  readonly logs: string;
  /** A kubeconfig of a user who may do everything. */
  readonly kubeconfig: string;
  /** URL of the API server. */
  readonly server: string;
  /**
   * Address under which the API server reaches a server on this machine, e.g. for a webhook's URL. Undefined where that
   * is not known.
   */
  readonly hostAddress: string | undefined;
  /**
   * `HOST:PORT` of a registry, plain HTTP, from which the nodes pull, and which this machine and Pods reach under the
   * same name (local, level nodes).
   */
  readonly registry: string | undefined;
  /** The process environment with KUBECONFIG set and the cluster's tools on the PATH. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs kubectl of the cluster's version; any exit code is a result. */
  kubectl(args: readonly string[], options: ToolOptions): Promise<CommandResult>;
  /** Runs Helm; it is fetched or built at the first call unless it was among `tools`. */
  helm(args: readonly string[], options: ToolOptions): Promise<CommandResult>;
  /** Makes a node that is an object, Ready at once, and waits until the scheduler may use it. */
  createNode(node: NodeSpec, signal: AbortSignal): Promise<void>;
  /** Makes the nodes pull images of `registry` (e.g. `docker.io`) from `host` by plain HTTP (local, level nodes). */
  mirrorRegistry(registry: string, host: string): Promise<void>;
  /** Kills the API server, awaits `whileDown`, starts it again and waits until it is ready (local only). */
  restartApiServer(options: RestartOptions): Promise<void>;
  /** Ends the cluster and all that belongs to it; of an existing one, only what this object made in it. */
  stop(): Promise<void>;
}

export interface RestartOptions {
  readonly signal: AbortSignal;
  /** Default: SIGKILL, as a machine that fails. */
  readonly kill?: "SIGKILL" | "SIGTERM";
  readonly whileDown?: () => Promise<void>;
}

/** A node that is an object. What is left out is as on a large ordinary amd64 Linux machine. */
export interface NodeSpec {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** Capacity and allocatable; added to 64 cpu, 256Gi memory, 110 pods. */
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly architecture?: string;
  readonly operatingSystem?: string;
  readonly kernelVersion?: string;
  readonly osImage?: string;
  readonly unschedulable?: boolean;
  /** Default: true. */
  readonly ready?: boolean;
}
