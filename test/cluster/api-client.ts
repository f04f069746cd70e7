import { Agent, type AgentOptions, request } from "node:https";
import { text } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";
import { ClusterError } from "./error.ts";

interface ApiResponse {
  readonly status: number;
  readonly body: string;
}

/**
 * Just enough of a client for what the harness itself asks of an API server. client-node reads the kubeconfig and logs
 * in; its calls are left, since it opens a TLS connection for each (docs/decisions/0003, reason 4), and the harness
 * makes nodes by the thousand, renews their leases, and asks servers that are only starting. Tests use the witness of
 * test/support/cluster/witness.ts.
 */
export interface ApiClient {
  readonly server: string;
  /** One request; any status is an answer. `body` is sent as JSON with `contentType`. */
  request(method: string, path: string, options: ApiRequest): Promise<ApiResponse>;
  /** As `request`; a status of 400 and more is a ClusterError `command` with what the server said. */
  must(method: string, path: string, options: ApiRequest): Promise<ApiResponse>;
  close(): void;
}

interface ApiRequest {
  readonly signal: AbortSignal;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** @throws ClusterError `record` when the kubeconfig cannot be used. */
export async function createApiClient(kubeconfig: string): Promise<ApiClient> {
  const config = new KubeConfig();
  const options: AgentOptions & { headers?: Record<string, string> } = {};
  try {
    config.loadFromFile(kubeconfig);
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new ClusterError("record", `the kubeconfig ${kubeconfig} cannot be used`, { cause: error });
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new ClusterError("record", `the kubeconfig ${kubeconfig} has no current cluster`);
  const { headers = {}, ca, cert, key, rejectUnauthorized } = options;
  const tls = rejectUnauthorized === undefined ? { ca, cert, key } : { ca, cert, key, rejectUnauthorized };
  // Many nodes are made at a time; a TLS handshake for each would take longer than the request.
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets: 8 });

  const send = (method: string, path: string, { signal, body, contentType }: ApiRequest): Promise<ApiResponse> =>
    new Promise((resolve, reject) => {
      const url = new URL(path, server.endsWith("/") ? server : `${server}/`);
      const sent = request(url, { method, agent, signal, headers: { ...headers, accept: "application/json" } });
      if (body !== undefined) sent.setHeader("content-type", contentType ?? "application/json");
      sent.once("error", reject);
      sent.once("response", (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return {
    server,
    request: send,
    async must(method, path, options) {
      const response = await send(method, path, options);
      if (response.status < 400) return response;
      throw new ClusterError(
        "command",
        `${method} ${path} answered ${response.status}: ${response.body.slice(0, 1000)}`,
      );
    },
    close: () => agent.destroy(),
  };
}
