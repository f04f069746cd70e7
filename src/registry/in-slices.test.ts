import { expect, test } from "vitest";
import { OciError } from "../oci/error.ts";
import type { Steps } from "../oci/steps.ts";
import { RegistryError } from "./error.ts";
import { inSlices } from "./in-slices.ts";

/** Work that never ends by itself. */
function* endless(): Steps<never> {
  for (;;) yield;
}

/** Work that ends the signal, and then fails. */
function* failing(error: unknown, ended?: AbortController): Steps<never> {
  yield;
  ended?.abort();
  throw error;
}

test("a caller whose time is over gets the error of a registry, which says so", async () => {
  const ended = new AbortController();
  const running = inSlices(endless(), ended.signal, "reading");
  ended.abort(new Error("no time left"));
  await expect(running).rejects.toBeInstanceOf(RegistryError);
  await expect(running).rejects.toMatchObject({ code: "ABORTED", cause: { message: "no time left" } });
});

test("a document that is wrong is told as such, also to a caller whose time is over", async () => {
  const wrong = new OciError("WRONG_TYPE", "it is a number");
  const ended = new AbortController();
  await expect(inSlices(failing(wrong, ended), ended.signal, "reading")).rejects.toBe(wrong);
});

test("whatever else fails while there is time is told as it is", async () => {
  const error = new Error("a mistake of the program");
  await expect(inSlices(failing(error), new AbortController().signal, "reading")).rejects.toBe(error);
});
