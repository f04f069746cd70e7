import type { ServerResponse } from "node:http";

/** The way in which an answer goes wrong. */
export type Fault =
  /** Answers after a while. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Never answers. */
  | { readonly kind: "hang" }
  /** This instead of doing what was asked for. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | { readonly kind: "redirect"; readonly location: string; readonly status?: number }
  /** Closes the connection instead of answering. */
  | { readonly kind: "close" }
  /** The right headers, then half of the body, then the connection is closed. */
  | { readonly kind: "closeMidBody" }
  /** The right headers without a length, then bytes without end. */
  | { readonly kind: "endless" }
  /** The right headers, the first bytes of the body (one if absent), and then nothing. */
  | { readonly kind: "stall"; readonly after?: number }
  /** The whole blob with 200, whatever range was asked for. */
  | { readonly kind: "ignoreRange" }
  /**
   * 200 with a piece so many times, each written when the connection has taken the one before: a body that is larger
   * than memory, or that shows how much a client lets come. `taken` is told the bytes that the connection took so far,
   * `closed` is called when the answer is over, whole or not.
   */
  | {
      readonly kind: "repeat";
      readonly piece: Uint8Array;
      readonly times: number;
      readonly taken?: (bytes: number) => void;
      readonly closed?: () => void;
    }
  /** Another body, under the right headers (its length apart, which may be left unsaid). */
  | { readonly kind: "body"; readonly bytes: Uint8Array; readonly unmeasured?: true }
  /** Other headers; an empty value leaves the header out. */
  | { readonly kind: "headers"; readonly headers: Readonly<Record<string, string>> };

export interface FaultRule {
  /** Every method if absent. */
  readonly method?: string;
  /** Is held against the path, without the query. */
  readonly path: RegExp;
  /** How often it happens; always if absent. */
  readonly times?: number;
  readonly fault: Fault;
}

/** An answer that is ready to be sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The faults to inject; the first rule that fits a request is applied. */
export class Faults {
  readonly #rules: { readonly rule: FaultRule; left: number }[] = [];

  add(rule: FaultRule): void {
    this.#rules.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#rules.length = 0;
  }

  take(method: string, path: string): Fault | undefined {
    const found = this.#rules.find(
      ({ rule, left }) => left > 0 && (rule.method ?? method) === method && rule.path.test(path),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.rule.fault;
  }
}

/** Sends the answer as the fault has it. `head`: no body is due. The timer of a delay ends with the connection. */
export function sendFaulty(response: ServerResponse, answer: Answer, fault: Fault, head: boolean): void {
  const send = ({ status, headers, body }: Answer): void => {
    response.writeHead(status, headers);
    response.end(head ? undefined : body);
  };
  const { "content-length": _length, ...unmeasured } = answer.headers;
  switch (fault.kind) {
    case "delay": {
      const timer = setTimeout(() => send(answer), fault.ms);
      response.once("close", () => clearTimeout(timer));
      return;
    }
    case "hang":
      return;
    case "status":
      send({ status: fault.status, headers: fault.headers ?? {}, body: Buffer.from(fault.body ?? "") });
      return;
    case "redirect":
      send({ status: fault.status ?? 307, headers: { location: fault.location }, body: Buffer.alloc(0) });
      return;
    case "close":
      response.destroy();
      return;
    case "closeMidBody":
      response.writeHead(answer.status, answer.headers);
      response.write(answer.body.subarray(0, answer.body.length >> 1), () => response.destroy());
      return;
    case "endless":
      response.writeHead(answer.status, unmeasured);
      sendEndlessly(response);
      return;
    case "stall":
      response.writeHead(answer.status, answer.headers);
      response.write(answer.body.subarray(0, fault.after ?? 1));
      return;
    case "ignoreRange":
      send(answer);
      return;
    case "repeat": {
      const length = String(fault.piece.length * fault.times);
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": length });
      sendRepeatedly(response, fault);
      return;
    }
    case "body":
      if (fault.unmeasured) {
        // In chunks: what is ended with all of its body gets a length.
        response.writeHead(answer.status, unmeasured);
        response.write(fault.bytes);
        response.end();
        return;
      }
      send({
        ...answer,
        headers: { ...answer.headers, "content-length": String(fault.bytes.length) },
        body: fault.bytes,
      });
      return;
    case "headers": {
      const merged = Object.entries({ ...answer.headers, ...fault.headers }).filter(([, value]) => value !== "");
      send({ ...answer, headers: Object.fromEntries(merged) });
      return;
    }
  }
}

function sendEndlessly(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, 0x20);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}

function sendRepeatedly(response: ServerResponse, fault: Fault & { kind: "repeat" }): void {
  const { piece, times, taken, closed } = fault;
  if (closed !== undefined) response.once("close", closed);
  let written = 0;
  const more = (): void => {
    if (written === times) {
      response.end();
      return;
    }
    written += 1;
    response.write(piece, (error) => {
      if (error !== null && error !== undefined) return;
      taken?.(written * piece.length);
      more();
    });
  };
  more();
}
