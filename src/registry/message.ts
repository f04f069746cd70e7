import type { BodySource } from "./body-source.ts";
import type { Reach } from "./connect.ts";
import type { Service } from "./health.ts";
import type { LiveBody } from "./live-body.ts";
import type { Tenant } from "./tenant.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  readonly url: URL;
  /** Lower-case names. `authorization` goes to the URL's own origin only. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | BodySource | undefined;
  /** Longest body of a good answer, in bytes; a longer one is an error. */
  readonly maxBytes: number;
  /** Whose request it is, for health and rate limits; never a secret itself. */
  readonly account: string;
  /** Host and repository that the image names, also where another host is asked; for health and rate limits. */
  readonly repository?: string | undefined;
  /** Which of the registry's services is asked, for health; `manifests`, which tokens count to, if absent. */
  readonly service?: Service | undefined;
  /** For whom it is made, where several share the client. */
  readonly tenant?: Tenant | undefined;
  readonly redirects: "follow" | "refuse";
  /** Whether it may be sent twice though it has a body; GET and HEAD always may. */
  readonly repeatable?: boolean | undefined;
  /** The request in messages; method and URL if absent. To be given where somebody else chose the URL. */
  readonly name?: string | undefined;
  /** How the host was come to; `direct` if absent. */
  readonly reach?: Reach | undefined;
  /**
   * `brief` (if absent): the whole body has to arrive within one limit of time, and the request keeps its place to the
   * end. `long`: each piece of the body has its own limit, and the body counts as an open stream.
   */
  readonly lasting?: "brief" | "long" | undefined;
  readonly signal: AbortSignal;
}

/** An answer without its body. */
export interface AnswerHead {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Milliseconds after which a 429 lets the host be asked again. */
  readonly retryAfterMs: number | undefined;
}

export interface HttpResponse extends AnswerHead {
  readonly body: Uint8Array;
}

/** A good answer (2xx) whose body is still to come: whoever gets it reads it to its end or cancels it. */
export interface HttpStream extends AnswerHead {
  readonly live: LiveBody;
}

/** Whether the body has another shape than asked for: it is asked for as it is (`identity`). */
export function isPacked({ header }: AnswerHead): boolean {
  const encoding = header("content-encoding");
  return encoding !== undefined && encoding.toLowerCase() !== "identity";
}

/** Whether the answer is a good one, with its body to come. Any other was read already, as far as its error code. */
export function isStream(answer: HttpResponse | HttpStream): answer is HttpStream {
  return "live" in answer;
}
