import { once } from "node:events";
import { connect } from "node:tls";
import { z } from "zod";
import type { Stage } from "./stage.ts";

const configurationSchema = z.object({
  webhooks: z.array(z.object({ clientConfig: z.object({ url: z.string(), caBundle: z.string() }) })).min(1),
});
const secretSchema = z.object({ data: z.object({ "ca.crt": z.string(), "tls.crt": z.string() }) });

/** The certificates at this moment: what the API server trusts, what is stored, and what the webhook serves. */
export interface Serving {
  /** Base64. */
  readonly caBundle: string;
  /** Base64 of ca.crt; undefined where there is no Secret. */
  readonly authority: string | undefined;
  /** SHA-256 fingerprint of the certificate that new connections get. */
  readonly fingerprint: string;
}

export async function readServing(stage: Stage): Promise<Serving> {
  const configuration = await stage.must(["get", "mutatingwebhookconfiguration", "metahub-webhook", "-o", "json"]);
  const [webhook] = configurationSchema.parse(JSON.parse(configuration)).webhooks;
  const secret = await stage.kubectl(["get", "secret", "metahub-webhook-tls", "-n", "metahub-system", "-o", "json"]);
  const { hostname, port } = new URL(webhook?.clientConfig.url ?? "");
  return {
    caBundle: webhook?.clientConfig.caBundle ?? "",
    authority: secret.code === 0 ? secretSchema.parse(JSON.parse(secret.stdout)).data["ca.crt"] : undefined,
    fingerprint: await fingerprint(hostname, Number(port)),
  };
}

/** Only looks at the certificate: whether the API server trusts it, its calls tell. */
async function fingerprint(host: string, port: number): Promise<string> {
  const socket = connect({ host, port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
