import { expect, test } from "vitest";
import type { Credentials } from "../credentials/credentials.ts";
import { Keyring } from "../credentials/keyring.ts";
import { parseReference } from "../oci/reference.ts";
import { RegistryError, type RegistryErrorCode } from "./error.ts";
import { withCredentials } from "./with-credentials.ts";

const reference = parseReference("registry.example.com/team/app:v1");
const { signal } = new AbortController();

function keyring(count: number): Keyring {
  const candidates = Array.from(
    { length: count },
    (_, index): Credentials => ({ kind: "basic", username: `user${index}`, password: "x" }),
  );
  return new Keyring([{ candidates: async () => candidates }]);
}

type Answer = RegistryErrorCode | "in";

/** The answer that each credential gets, which of the answers is the outcome (by position), and how many are asked. */
test.each<[answers: readonly Answer[], outcome: number, asked: number]>([
  [["in"], 0, 1],
  [["in", "in"], 0, 1],
  [["UNAUTHORIZED", "in"], 1, 2],
  [["DENIED", "in", "DENIED"], 1, 2],
  [["NOT_FOUND", "in"], 1, 2],
  [["UNAUTHORIZED", "DENIED", "NOT_FOUND", "in"], 3, 4],
  [["UNAUTHORIZED"], 0, 1],
  [["UNAUTHORIZED", "DENIED"], 1, 2],
  [["DENIED", "UNAUTHORIZED"], 1, 2],
  [["NOT_FOUND", "UNAUTHORIZED"], 0, 2],
  [["UNAUTHORIZED", "NOT_FOUND"], 1, 2],
  [["NOT_FOUND", "NOT_FOUND"], 1, 2],
  [["DENIED", "NOT_FOUND", "DENIED"], 1, 3],
  [["TIMEOUT", "in"], 0, 1],
  [["UNREACHABLE", "in"], 0, 1],
  [["INVALID", "in"], 1, 2],
  [["UNAUTHORIZED", "SERVER_ERROR", "in"], 2, 3],
  [["NOT_FOUND", "RATE_LIMITED", "in"], 2, 3],
  [["CIRCUIT_OPEN", "in"], 1, 2],
  [["SERVER_ERROR", "UNAUTHORIZED"], 0, 2],
  [["RATE_LIMITED", "SERVER_ERROR", "DENIED"], 1, 3],
  [["SERVER_ERROR", "NOT_FOUND", "INVALID"], 1, 3],
  [["DIGEST_MISMATCH", "in"], 0, 1],
  [["ABORTED", "in"], 0, 1],
])("answers %j: the outcome is number %i, after %i attempts", async (answers, outcome, attempts) => {
  const asked: unknown[] = [];
  const act = async ({ credentials }: { readonly credentials: Credentials | undefined }): Promise<string> => {
    const position = asked.push(credentials) - 1;
    const answer = answers[position] ?? expect.unreachable("more attempts than credentials");
    if (answer === "in") return `in ${position}`;
    throw new RegistryError(answer, `refusal ${position}`);
  };
  const result = await withCredentials(reference, { keyring: keyring(answers.length), signal }, act).catch(
    (error: unknown) => error,
  );
  if (answers[outcome] === "in") expect(result).toBe(`in ${outcome}`);
  else expect(result).toMatchObject({ code: answers[outcome], message: `refusal ${outcome}` });
  expect(asked).toEqual((await keyring(answers.length).candidates(reference, signal)).slice(0, attempts));
});

test("without credentials the registry is asked once, anonymously", async () => {
  const asked: unknown[] = [];
  const act = async (access: unknown): Promise<never> => {
    asked.push(access);
    throw new RegistryError("NOT_FOUND", "nothing there");
  };
  await expect(withCredentials(reference, { keyring: keyring(0), signal }, act)).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  expect(asked).toEqual([{ credentials: undefined, signal }]);
});

test("an error that is no registry's ends the loop as it is", async () => {
  const broken = new TypeError("a mistake of ours");
  const acted = withCredentials(reference, { keyring: keyring(2), signal }, async () => {
    throw broken;
  });
  await expect(acted).rejects.toBe(broken);
});
