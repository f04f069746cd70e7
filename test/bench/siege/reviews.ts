import { Agent, request } from "node:https";

/** The webhook, as whoever calls it knows it. */
export interface Target {
  readonly port: number;
  readonly healthPort: number;
  /** PEM. */
  readonly ca: string;
  /** `/SEGMENT` */
  readonly path: string;
  /** The id of the key that its notes prove themselves by, as they tell it to whoever reads one. */
  readonly noteKey: string;
}

/** The first argument of a program of the siege. */
export function readTarget(): Target {
  return JSON.parse(process.argv[2] ?? "");
}

/** Posts reviews as an API server does, over connections that are kept. */
export class Reviews {
  readonly #target: Target;
  readonly #agent: Agent;

  constructor(target: Target, connections: number) {
    this.#target = target;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, ca: target.ca });
  }

  /** The answer as text. @throws where there is none within the time, or its status is not 200 */
  post(route: string, body: string | Buffer, timeoutMs: number, headers: Record<string, string> = {}): Promise<string> {
    const { port, path } = this.#target;
    const sent = Buffer.from(body);
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: "127.0.0.1",
          port,
          path: `${path}${route}?timeout=${timeoutMs / 1000}s`,
          method: "POST",
          agent: this.#agent,
          headers: { "content-type": "application/json", "content-length": sent.length, ...headers },
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.once("error", reject);
          response.once("end", () => {
            if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString("utf8"));
            else reject(new Error(`answered ${response.statusCode}`));
          });
        },
      );
      asked.once("error", reject);
      asked.end(sent);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

export interface Asked {
  readonly namespace: string;
  readonly name: string;
  readonly resource?: string;
  readonly subResource?: string;
  readonly object: unknown;
  /** The object before an update. Default: it is created. */
  readonly oldObject?: unknown;
}

/** The AdmissionReview of a creation or an update, as text. */
export function reviewOf({ namespace, name, resource = "pods", subResource, object, oldObject }: Asked): string {
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: crypto.randomUUID(),
      kind: { group: "", version: "v1", kind: subResource === undefined ? "Pod" : "Binding" },
      resource: { group: "", version: "v1", resource },
      ...(subResource === undefined ? {} : { subResource }),
      namespace,
      name,
      operation: oldObject === undefined ? "CREATE" : "UPDATE",
      userInfo: { username: "siege" },
      object,
      oldObject: oldObject ?? null,
      dryRun: false,
    },
  });
}

/** The Pod, with these images. */
export function podOf(
  namespace: string,
  name: string,
  images: readonly string[],
  spec: object = {},
  metadata: object = {},
): object {
  const containers = images.map((image, row) => ({ name: `c${row}`, image }));
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, ...metadata }, spec: { containers, ...spec } };
}

/** The review of a binding. */
export function bindingOf(namespace: string, name: string, uid: string, node: string): string {
  const object = {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name, namespace, uid },
    target: { kind: "Node", name: node },
  };
  return reviewOf({ namespace, name, subResource: "binding", object });
}
