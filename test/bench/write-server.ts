// The least that choosing at binding can cost: a webhook that writes one JSON Patch into each Pod that is bound, the same
// into all, and decides nothing.
// usage: node write-server.ts KUBECONFIG KEY CERT; prints its port
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { podResource } from "../../src/inventory/pods.ts";
import { loadKubeconfig } from "../../src/kubernetes/access/kubeconfig.ts";
import { KubernetesClient } from "../../src/kubernetes/client/client.ts";
import { allowed, parseReview } from "../../src/webhook/review.ts";

const [kubeconfig = "", keyFile = "", certFile = ""] = process.argv.slice(2);
const client = new KubernetesClient({ access: await loadKubeconfig({ path: kubeconfig }), userAgent: "metahub-bench" });
const image = `qnib/bench@sha256:${"0".repeat(64)}`;

const server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", async () => {
    const { uid, namespace, name } = parseReview(Buffer.concat(chunks));
    const operations = [
      { op: "test", path: "/spec/nodeName", value: null },
      { op: "replace", path: "/spec/containers/0/image", value: image },
      { op: "add", path: "/metadata/annotations/bench.metahub.dev~1note", value: "x".repeat(400) },
    ] as const;
    const options = { signal: AbortSignal.timeout(10_000), fieldManager: "metahub-bench" };
    try {
      await client.sendPatch({ resource: podResource, namespace, name }, { type: "json", operations }, options);
    } catch (error) {
      console.error(`${name} was not written: ${error instanceof Error ? error.message : error}`);
    }
    const text = JSON.stringify(allowed(uid));
    response.writeHead(200, { "content-type": "application/json" }).end(text);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) console.log(address.port);
});
process.on("SIGTERM", async () => {
  server.close();
  server.closeAllConnections();
  await client.close();
});
