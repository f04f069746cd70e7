import { once } from "node:events";
import { createServer } from "node:https";
import { text } from "node:stream/consumers";
import { parsePod } from "../../../src/api/parse-pod.ts";
import { parseReview, patched } from "../../../src/webhook/review.ts";
import { createAuthority } from "../../cluster/pki.ts";
import { container } from "./pods.ts";
import { type Stage, soon } from "./stage.ts";

/** Namespaces with this label get a sidecar into every Pod. */
export const injectLabel = { "test.metahub.dev/inject": "true" };

export interface Injector {
  /** How often it was asked. */
  readonly reviews: number;
  close(): Promise<void>;
}

/**
 * Somebody else's mutating webhook, called after ours (the API server goes by the configurations' names), that adds a
 * container `injected` which asks for `qnib/bench`.
 */
export async function startInjector(stage: Stage): Promise<Injector> {
  const { cluster, must, prefix } = stage;
  const address = cluster.hostAddress ?? "127.0.0.1";
  const authority = await createAuthority();
  const { certificate, key } = await authority.issue({ commonName: "injector", server: true, addresses: [address] });
  let reviews = 0;
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    reviews++;
    const { uid, object } = parseReview(Buffer.from(await text(request)));
    const there = parsePod(object).spec.containers?.some(({ name }) => name === "injected") ?? false;
    const value = container("qnib/bench", "injected");
    const review = patched(uid, there ? [] : [{ op: "add", path: "/spec/containers/-", value }]);
    response.setHeader("content-type", "application/json").end(JSON.stringify(review));
  });
  server.listen(0, address === "127.0.0.1" ? address : "0.0.0.0");
  await once(server, "listening");
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const name = `zz-injector-${prefix}`;
  await must(["create", "-f", "-"], {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        name: "injector.test.metahub.dev",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy: "Fail",
        namespaceSelector: { matchLabels: injectLabel },
        rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] }],
        clientConfig: {
          url: `https://${address}:${port}/`,
          caBundle: Buffer.from(authority.certificate).toString("base64"),
        },
      },
    ],
  });
  return {
    get reviews() {
      return reviews;
    },
    close: async () => {
      await stage.cluster.kubectl(["delete", "mutatingwebhookconfiguration", name], { signal: soon() });
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
