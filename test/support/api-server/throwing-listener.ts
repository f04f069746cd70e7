/**
 * A process that follows the nodes of an API server and whose listener throws at the node `bad`. It prints `bad` before
 * that; when it hears of the node `good` afterwards, it prints `good` and ends with 0.
 *
 * `node throwing-listener.ts client-node|metahub URL AUTHORITY_PEM`
 */
import { CoreV1Api, makeInformer } from "@kubernetes/client-node";
import { KubernetesClient } from "../../../src/kubernetes/client/client.ts";
import { Reflector } from "../../../src/kubernetes/reflector/reflector.ts";
import { resource } from "../../../src/kubernetes/resource.ts";
import { clientNode } from "./two-clients.ts";

const [client, server = "", authority = ""] = process.argv.slice(2);

function heard(name: string | undefined): void {
  if (name === "bad") {
    process.stdout.write("bad\n");
    throw new Error("the listener threw");
  }
  if (name !== "good") return;
  process.stdout.write("good\n", () => process.exit(0));
}

async function followTheirs(): Promise<void> {
  const config = clientNode(server, authority);
  const api = config.makeApiClient(CoreV1Api);
  const informer = makeInformer(config, "/api/v1/nodes", () => api.listNode());
  informer.on("add", ({ metadata }) => heard(metadata?.name));
  await informer.start();
}

async function followOurs(): Promise<void> {
  const access = { server, ca: { pem: authority }, insecureSkipTlsVerify: false, user: {}, origin: "test" };
  const reflector = new Reflector<string>({
    client: new KubernetesClient({ access, userAgent: "test" }),
    resource: resource({ group: "", version: "v1", plural: "nodes", namespaced: false }),
    transform: ({ metadata }) => metadata.name,
    onChange: ({ object }) => heard(object),
  });
  await reflector.run(new AbortController().signal);
}

await (client === "client-node" ? followTheirs() : followOurs());
