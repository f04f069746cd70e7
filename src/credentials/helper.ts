import { z } from "zod";
import { runProgram } from "../process/run.ts";
import type { Credentials } from "./credentials.ts";
import { CredentialsError } from "./error.ts";

export interface HelperOptions {
  readonly signal: AbortSignal;
  /** Some ask the user on a screen, so this is long. 30 s if absent. */
  readonly timeoutMs?: number | undefined;
  /** For the helper: its PATH, its home, and how it reaches the user's screen. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Bytes of a helper's answer: a long token fits many times over. */
const maxOutput = 64 * 1024;

const answerSchema = z.object({ Username: z.string(), Secret: z.string() });

/** The words of helpers that know nothing of a server (docker-credential-helpers, credentials/error.go). */
const notFound = /credentials not found/i;

/**
 * Asks `docker-credential-<helper> get` for a server's credentials (the protocol of docker-credential-helpers: the
 * server on its input, JSON on its output). Undefined where the helper has none.
 * @throws CredentialsError HELPER_MISSING, HELPER_FAILED, HELPER_TIMEOUT, ABORTED
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
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly output: string;
}

async function run(program: string, input: string, options: HelperOptions): Promise<Ended> {
  const { env, signal, timeoutMs = 30_000 } = options;
  const { how, code, output, problem } = await runProgram(program, ["get"], {
    env,
    input,
    signal,
    timeoutMs,
    maxOutputBytes: maxOutput,
    errors: "ignore",
  });
  switch (how) {
    case "exited":
      return { code, output };
    case "aborted":
      throw new CredentialsError("ABORTED", `${program}: the caller gave up`, { cause: signal.reason });
    case "timeout":
      throw new CredentialsError("HELPER_TIMEOUT", `${program}: did not answer within ${timeoutMs / 1000} s`, {
        cause: problem,
      });
    case "too-much":
      throw new CredentialsError("HELPER_FAILED", `${program}: printed more than 64 KiB`, { cause: problem });
    case "not-started": {
      const advice = "cannot be run; install it, or remove it from the docker config";
      throw new CredentialsError("HELPER_MISSING", `${program}: ${advice}`, { cause: problem });
    }
  }
}
