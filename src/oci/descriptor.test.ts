import { expect, test } from "vitest";
import { describe as describeContent, verifyDescriptor } from "./descriptor.ts";

test("a descriptor holds its content to size and digest", () => {
  const bytes = new TextEncoder().encode("content");
  const descriptor = describeContent("text/plain", bytes);
  expect(() => verifyDescriptor(bytes, descriptor)).not.toThrow();
  const longer = new Uint8Array(8);
  expect(() => verifyDescriptor(longer, descriptor)).toThrow(expect.objectContaining({ code: "SIZE_MISMATCH" }));
  const other = new Uint8Array(7);
  expect(() => verifyDescriptor(other, descriptor)).toThrow(expect.objectContaining({ code: "DIGEST_MISMATCH" }));
});
