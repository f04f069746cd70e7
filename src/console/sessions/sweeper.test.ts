import { expect, test } from "vitest";
import type { Staying } from "../sign-in/ways.ts";
import { Sweeper } from "./sweeper.ts";

test("a file that cannot be read is borne with twice, then nobody stays, until it can be read again", async () => {
  const answers: boolean[] = [];
  const errors: boolean[] = [];
  let readable = true;
  const sweeper = new Sweeper({
    sessions: { sweep: (stays) => answers.push(stays?.({ kind: "user", name: "anna" }) === true) },
    staying: (): Promise<Staying> =>
      readable ? Promise.resolve(() => true) : Promise.reject(new Error("line 2 is something else")),
    onError: (_, signedOut) => errors.push(signedOut),
  });
  const sweep = async (can: boolean): Promise<void> => {
    readable = can;
    await sweeper.sweep();
  };
  for (const can of [true, false, false, true, false, false, false, false, true]) await sweep(can);
  expect(answers).toEqual([true, true, true, true, true, true, false, false, true]);
  expect(errors).toEqual([false, false, false, false, true, true]);
});
