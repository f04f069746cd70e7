import { KubeConfig } from "@kubernetes/client-node";
import { loadKubeconfig } from "../../../src/kubernetes/access/kubeconfig.ts";
import { KubernetesClient, type KubernetesClientOptions } from "../../../src/kubernetes/client/client.ts";
import { createAuthority } from "../../cluster/pki.ts";
import { FakeApiServer } from "./fake.ts";

/** One API server that speaks TLS, and both clients of it: client-node's and ours. */
export interface TwoClients {
  readonly server: FakeApiServer;
  /** PEM text of the authority that the server's certificate comes from. */
  readonly authority: string;
  /** client-node, with the server's authority and no credentials. */
  readonly theirs: KubeConfig;
  readonly ours: KubernetesClient;
  /** A client of ours that closes with the others. */
  connect(options?: Partial<KubernetesClientOptions>): KubernetesClient;
  /** A client of ours for the current context of a kubeconfig file. */
  connectWith(kubeconfig: string): Promise<KubernetesClient>;
  close(): Promise<void>;
}

export async function startTwoClients(): Promise<TwoClients> {
  const authority = await createAuthority();
  const pair = await authority.issue({ commonName: "kubernetes", server: true, addresses: ["127.0.0.1"] });
  const server = await FakeApiServer.start({ ...pair, authority: authority.certificate });
  const clients: KubernetesClient[] = [];
  const connect: TwoClients["connect"] = (options = {}) => {
    const client = new KubernetesClient({ access: server.access(), userAgent: "test", ...options });
    clients.push(client);
    return client;
  };
  return {
    server,
    authority: authority.certificate,
    theirs: clientNode(server.url, authority.certificate),
    ours: connect(),
    connect,
    connectWith: async (path) =>
      connect({ access: await loadKubeconfig({ path }), environment: { PATH: process.env["PATH"] } }),
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await server.stop();
    },
  };
}

/** client-node's configuration for one server and no credentials. */
export function clientNode(server: string, authority: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "c", server, caData: Buffer.from(authority).toString("base64"), skipTLSVerify: false }],
    users: [{ name: "u" }],
    contexts: [{ name: "x", cluster: "c", user: "u" }],
    currentContext: "x",
  });
  return config;
}

/** The message of a trial that client-node passes now. */
export function reasonGone(reason: number): string {
  return `record 0003's reason ${reason} is gone: client-node does this now, reconsider docs/decisions/0003`;
}
