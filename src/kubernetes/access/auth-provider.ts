import { errorText, KubernetesError } from "../error.ts";
import type { AuthProvider } from "./access.ts";

/**
 * The Authorization header of a kubeconfig's `auth-provider` (OpenID Connect with refresh tokens; gcp and azure are
 * gone from kubectl since 1.26 but still stand in old files). client-node knows them; it is loaded only here, because
 * it costs about 15 MiB that a Pod with a service account never needs.
 * @throws KubernetesError CONFIG
 */
export async function authProviderHeader(provider: AuthProvider, server: string): Promise<string> {
  const { KubeConfig } = await import("./client-node.ts");
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "cluster", server: server.replace(/^http:/, "https:"), skipTLSVerify: false }],
    users: [{ name: "user", authProvider: { name: provider.name, config: { ...provider.config } } }],
    contexts: [{ name: "context", cluster: "cluster", user: "user" }],
    currentContext: "context",
  });
  const options: { headers?: Record<string, unknown> } = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    throw new KubernetesError("CONFIG", `auth-provider ${provider.name}: ${errorText(cause)}`, { cause });
  }
  const header = options.headers?.["Authorization"];
  if (typeof header === "string") return header;
  throw new KubernetesError(
    "CONFIG",
    `auth-provider ${provider.name}: gives no credentials; use a credential plugin (users[].user.exec) instead`,
  );
}
