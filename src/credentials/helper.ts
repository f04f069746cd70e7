import { spawn } from "node:child_process";
import { z } from "zod";
import type { Credentials } from "./credentials.ts";
import { CredentialsError } from "./error.ts";

export interface HelperOptions {
  readonly signal: AbortSignal;
  /** Some ask the user on a screen, so this is long. 30 s if absent. */
  readonly timeoutMs?: number | undefined;
  /** Where programs are looked for, as in PATH; this process's own if absent. */
  readonly path?: string | undefined;
}

/** A long token fits many times over. */
const maxOutput = 64 * 1024;

const answerSchema = z.object({ Username: z.string(), Secret: z.string() });

/** What helpers print where they know nothing of a server (docker-credential-helpers, credentials/error.go). */
const notFound = /credentials not found/i;

/**
 * Asks `docker-credential-<helper> get` for a server's credentials (the protocol of docker-credential-helpers: the
 * server on its input, JSON on its output). Undefined where the helper has none.
 */
export async function askHelper(
  helper: string,
  server: string,
  options: HelperOptions,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  const { code, output } = await run(program, server, options);
  if (code !== 0) {
    if (notFound.test(output)) return undefined;
    throw new CredentialsError(
      "HELPER_FAILED",
      `${program}: ended with ${code ?? "a signal"} for ${server}; run it by hand to see why`,
    );
  }
  const answer = parseAnswer(output);
  if (answer === undefined) {
    throw new CredentialsError(
      "HELPER_FAILED",
      `${program}: its answer for ${server} is not the JSON of a credential helper`,
    );
  }
  if (answer.Secret === "") return undefined;
  // The protocol's way to say that the secret is an identity token.
  if (answer.Username === "<token>") return { kind: "identity", token: answer.Secret };
  return { kind: "basic", username: answer.Username, password: answer.Secret };
}

function parseAnswer(output: string): z.infer<typeof answerSchema> | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(output)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

async function run(program: string, input: string, options: HelperOptions): Promise<Ended> {
  const { signal, timeoutMs = 30_000 } = options;
  return await new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new CredentialsError("ABORTED", `${program}: not asked, the caller gave up`, { cause: signal.reason }));
      return;
    }
    const env = options.path === undefined ? process.env : { ...process.env, PATH: options.path };
    const child = spawn(program, ["get"], { stdio: ["pipe", "pipe", "ignore"], env });
    const chunks: Buffer[] = [];
    let size = 0;
    let failure: CredentialsError | undefined;
    const fail = (error: CredentialsError): void => {
      failure ??= error;
      child.kill("SIGKILL");
      // A grandchild may hold the pipe open; we wait for nobody's output any more.
      child.stdout.destroy();
    };
    const timer = setTimeout(
      () => fail(new CredentialsError("HELPER_TIMEOUT", `${program}: did not answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    const abort = (): void =>
      fail(new CredentialsError("ABORTED", `${program}: ended, the caller gave up`, { cause: signal.reason }));
    signal.addEventListener("abort", abort, { once: true });
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      finish();
    };
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxOutput) fail(new CredentialsError("HELPER_FAILED", `${program}: printed more than 64 KiB`));
      else chunks.push(chunk);
    });
    child.on("error", (cause) => {
      const text = `${program}: cannot be run; install it, or remove it from the docker config`;
      settle(() => reject(failure ?? new CredentialsError("HELPER_MISSING", text, { cause })));
    });
    child.on("close", (code) => {
      settle(() =>
        failure === undefined ? resolve({ code, output: Buffer.concat(chunks).toString("utf8") }) : reject(failure),
      );
    });
    // A helper that ends without reading breaks the pipe; its exit code tells what matters.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
