import type { KeyPair } from "./pki.ts";

/**
 * The text of a kubeconfig with one cluster and one user, certificates embedded. It is JSON, which every reader of YAML
 * reads.
 */
export function kubeconfigText(server: string, authority: string, user: string, pair: KeyPair): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "metahub-test",
    contexts: [{ name: "metahub-test", context: { cluster: "metahub-test", user } }],
    clusters: [{ name: "metahub-test", cluster: { server, "certificate-authority-data": base64(authority) } }],
    users: [
      {
        name: user,
        user: { "client-certificate-data": base64(pair.certificate), "client-key-data": base64(pair.key) },
      },
    ],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
