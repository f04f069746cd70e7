import { once } from "node:events";
import { createServer } from "node:https";
import { text } from "node:stream/consumers";
import { type AdmissionRequest, type AdmissionReviewResponse, parseReview } from "../../../src/webhook/review.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { kubectl } from "../../cluster/kubectl.ts";
import { createAuthority } from "../../cluster/pki.ts";

export interface ForeignWebhookOptions {
  readonly cluster: Cluster;
  /** The configuration's name. The API server calls mutating webhooks in the order of these names. */
  readonly name: string;
  readonly kind: "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration";
  /** `rules`, and where it is to be narrower `matchConditions` and `namespaceSelector`. */
  readonly webhook: Readonly<Record<string, unknown>>;
  answer(request: AdmissionRequest): AdmissionReviewResponse | Promise<AdmissionReviewResponse>;
}

export interface ForeignWebhook {
  /** How often it was asked. */
  readonly reviews: number;
  close(): Promise<void>;
}

/** Somebody else's admission webhook: one that must be reached, so that a test does not pass without it. */
export async function startForeignWebhook(options: ForeignWebhookOptions): Promise<ForeignWebhook> {
  const { cluster, name, kind, webhook } = options;
  const address = cluster.hostAddress ?? "127.0.0.1";
  const authority = await createAuthority();
  const { certificate, key } = await authority.issue({ commonName: name, server: true, addresses: [address] });
  let reviews = 0;
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    reviews++;
    const answer = await options.answer(parseReview(Buffer.from(await text(request))));
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
  server.listen(0, address === "127.0.0.1" ? address : "0.0.0.0");
  await once(server, "listening");
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const clientConfig = {
    url: `https://${address}:${port}/`,
    caBundle: Buffer.from(authority.certificate).toString("base64"),
  };
  await kubectl(cluster, ["create", "-f", "-"], {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind,
    metadata: { name },
    webhooks: [
      {
        name: "foreign.test.metahub.dev",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy: "Fail",
        ...webhook,
        clientConfig,
      },
    ],
  });
  return {
    get reviews() {
      return reviews;
    },
    close: async () => {
      await kubectl(cluster, ["delete", kind.toLowerCase(), name]);
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
