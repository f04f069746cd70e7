import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BinaryPath } from "./binaries.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { type Authority, type CertificateRequest, createAuthority, serviceAccountKeys } from "./pki.ts";
import { freePorts } from "./ports.ts";
import type { BinaryName } from "./releases.ts";
import type { Launch } from "./run.ts";

/** The programs of a control plane. */
export const controlPlane: readonly BinaryName[] = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
];

/** Processes end clients first. */
export const endPhase = { client: 0, apiServer: 1, storage: 2 } as const;

export interface ControlPlaneOptions {
  readonly dir: string;
  readonly binary: BinaryPath;
  /** Address that is written into the Service `kubernetes`; nodes reach the API server there. */
  readonly advertise: string;
  /** Whether Pods run: the API server then listens on every address, and Services have their addresses by kube-proxy. */
  readonly nodes: boolean;
  readonly serviceRange: string;
  readonly serviceAddress: string;
  /** The scheduler's limit of requests to the API server. Default: its own, 50 with bursts of 100. */
  readonly schedulerQps?: number | undefined;
  /** Further flags of the API server. */
  readonly apiServerArgs?: readonly string[] | undefined;
}

export interface ControlPlane {
  readonly server: string;
  readonly kubeconfig: string;
  readonly authority: Authority;
  readonly authorityFile: string;
  readonly etcd: Launch;
  readonly apiServer: Launch;
  readonly controllerManager: Launch;
  readonly scheduler: Launch;
  /** Where the two controllers answer /healthz. */
  readonly health: { readonly controllerManager: string; readonly scheduler: string };
  /** Writes a kubeconfig for a user, signed by the cluster's authority, and returns its path. */
  userConfig(request: CertificateRequest): Promise<string>;
}

/** Writes certificates and configuration of a control plane, and says how its processes are started. */
export async function prepareControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dir, binary } = options;
  const pki = join(dir, "pki");
  await mkdir(pki, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(pki, name);
  const write = (name: string, text: string): Promise<void> => writeFile(file(name), text, { mode: 0o600 });
  const [apiPort, etcdPort, peerPort, managerPort, schedulerPort] = await ports();
  const server = `https://127.0.0.1:${apiPort}`;

  const authority = await createAuthority();
  const accounts = serviceAccountKeys();
  await Promise.all([
    write("ca.crt", authority.certificate),
    write("ca.key", authority.key),
    write("service-accounts.key", accounts.privateKey),
    write("service-accounts.pub", accounts.publicKey),
  ]);
  const issue = async (name: string, request: CertificateRequest): Promise<void> => {
    const pair = await authority.issue(request);
    await Promise.all([write(`${name}.crt`, pair.certificate), write(`${name}.key`, pair.key)]);
  };
  const userConfig = async (request: CertificateRequest): Promise<string> => {
    const name = `${request.commonName.replace(/^system:/, "").replaceAll(":", "-")}.conf`;
    const pair = await authority.issue({ ...request, client: true });
    await write(name, kubeconfigText(server, authority.certificate, request.commonName, pair));
    return file(name);
  };
  const loopback = { addresses: ["127.0.0.1"], hosts: ["localhost"] };
  const [kubeconfig, managerConfig, schedulerUser] = await Promise.all([
    userConfig({ commonName: "admin", organizations: ["system:masters"] }),
    userConfig({ commonName: "system:kube-controller-manager" }),
    userConfig({ commonName: "system:kube-scheduler" }),
    issue("apiserver", {
      commonName: "kube-apiserver",
      server: true,
      addresses: [...new Set(["127.0.0.1", options.advertise, options.serviceAddress])],
      hosts: ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"],
    }),
    issue("apiserver-kubelet", {
      commonName: "kube-apiserver-kubelet",
      organizations: ["system:masters"],
      client: true,
    }),
    issue("controllers", { commonName: "controllers", server: true, ...loopback }),
  ]);
  const schedulerConfig = join(dir, "scheduler.json");
  const { schedulerQps } = options;
  const limits = schedulerQps === undefined ? {} : { qps: schedulerQps, burst: schedulerQps * 2 };
  await writeFile(
    schedulerConfig,
    JSON.stringify({
      apiVersion: "kubescheduler.config.k8s.io/v1",
      kind: "KubeSchedulerConfiguration",
      clientConnection: { kubeconfig: schedulerUser, ...limits },
      leaderElection: { leaderElect: false },
    }),
  );

  const serving = [`--tls-cert-file=${file("controllers.crt")}`, `--tls-private-key-file=${file("controllers.key")}`];
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  return {
    server,
    kubeconfig,
    authority,
    authorityFile: file("ca.crt"),
    userConfig,
    health: {
      controllerManager: `https://127.0.0.1:${managerPort}/healthz`,
      scheduler: `https://127.0.0.1:${schedulerPort}/healthz`,
    },
    etcd: {
      name: "etcd",
      phase: endPhase.storage,
      command: binary("etcd"),
      args: [
        `--data-dir=${join(dir, "etcd")}`,
        // The data dies with the run: no disk needs to have it.
        "--unsafe-no-fsync",
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
      ],
    },
    apiServer: {
      name: "kube-apiserver",
      phase: endPhase.apiServer,
      command: binary("kube-apiserver"),
      args: [
        `--etcd-servers=${etcdUrl}`,
        `--bind-address=${options.nodes ? "0.0.0.0" : "127.0.0.1"}`,
        `--secure-port=${apiPort}`,
        `--advertise-address=${options.advertise}`,
        // Without nodes nobody can reach a Service, and the endpoint would be a lie.
        ...(options.nodes ? [] : ["--endpoint-reconciler-type=none"]),
        `--service-cluster-ip-range=${options.serviceRange}`,
        `--cert-dir=${pki}`,
        `--tls-cert-file=${file("apiserver.crt")}`,
        `--tls-private-key-file=${file("apiserver.key")}`,
        `--client-ca-file=${file("ca.crt")}`,
        `--kubelet-certificate-authority=${file("ca.crt")}`,
        `--kubelet-client-certificate=${file("apiserver-kubelet.crt")}`,
        `--kubelet-client-key=${file("apiserver-kubelet.key")}`,
        // Host names of test nodes resolve nowhere.
        "--kubelet-preferred-address-types=InternalIP",
        `--service-account-key-file=${file("service-accounts.pub")}`,
        `--service-account-signing-key-file=${file("service-accounts.key")}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        ...(options.apiServerArgs ?? []),
      ],
    },
    controllerManager: {
      name: "kube-controller-manager",
      phase: endPhase.client,
      command: binary("kube-controller-manager"),
      args: [
        `--kubeconfig=${managerConfig}`,
        "--use-service-account-credentials=true",
        `--service-account-private-key-file=${file("service-accounts.key")}`,
        `--root-ca-file=${file("ca.crt")}`,
        `--cluster-signing-cert-file=${file("ca.crt")}`,
        `--cluster-signing-key-file=${file("ca.key")}`,
        "--leader-elect=false",
        // At its default of 20 requests a second it needs 5 s to make the service accounts of its own controllers.
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--bind-address=127.0.0.1",
        `--secure-port=${managerPort}`,
        ...serving,
        ...(options.nodes ? [] : nodesWithoutHeartbeat),
      ],
    },
    scheduler: {
      name: "kube-scheduler",
      phase: endPhase.client,
      command: binary("kube-scheduler"),
      args: [`--config=${schedulerConfig}`, "--bind-address=127.0.0.1", `--secure-port=${schedulerPort}`, ...serving],
    },
  };
}

/**
 * Where nodes are objects, nobody renews their leases. The node lifecycle controller stays on, because it turns a node's
 * conditions into taints as on every real cluster, but it waits for a heartbeat longer than any cluster here lives.
 */
const nodesWithoutHeartbeat = ["--node-monitor-grace-period=8760h", "--node-startup-grace-period=8760h"];

async function ports(): Promise<readonly [number, number, number, number, number]> {
  const [api = 0, etcd = 0, peer = 0, manager = 0, scheduler = 0] = await freePorts(5);
  return [api, etcd, peer, manager, scheduler];
}
