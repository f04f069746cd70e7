// A webhook that does nothing, in a process of its own: what reading a review and answering it costs without any work.
// usage: node noop-server.ts express|node KEY CERT; prints its port
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import express from "express";

const [kind, keyFile = "", certFile = ""] = process.argv.slice(2);
const tls = { key: readFileSync(keyFile), cert: readFileSync(certFile) };

function answer(body: Buffer): object {
  const review: { request: { uid: string } } = JSON.parse(body.toString("utf8"));
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid: review.request.uid, allowed: true },
  };
}

function withExpress(): RequestListener {
  const app = express();
  app.post("/", express.raw({ type: () => true, limit: "7mb" }), (request, response) => {
    const body: unknown = request.body;
    response.json(answer(Buffer.isBuffer(body) ? body : Buffer.alloc(0)));
  });
  return app;
}

const withNode: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const text = JSON.stringify(answer(Buffer.concat(chunks)));
    response
      .writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
      .end(text);
  });
};

const server = createServer(tls, kind === "express" ? withExpress() : withNode);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) console.log(address.port);
});
process.on("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
