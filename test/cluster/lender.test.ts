import { expect, test } from "vitest";
import { borrow, openLender } from "./lender.ts";

const signal = AbortSignal.timeout(30_000);

test("what is shared is made once, at the first request for it", async () => {
  const made: string[] = [];
  const lender = await openLender(async (what) => {
    made.push(what);
    return what === "registry" ? { host: "127.0.0.1:5000" } : { dir: `/tmp/${what}` };
  });
  try {
    expect(made).toEqual([]);
    const both = await Promise.all([borrow(lender.url, "api", signal), borrow(lender.url, "api", signal)]);
    expect(both).toEqual([{ dir: "/tmp/api" }, { dir: "/tmp/api" }]);
    expect(await borrow(lender.url, "registry", signal)).toEqual({ host: "127.0.0.1:5000" });
    expect(made).toEqual(["api", "registry"]);
  } finally {
    await lender.close();
  }
});

test("a failure reaches every borrower, a stranger nothing", async () => {
  const lender = await openLender(() => Promise.reject(new Error("no Go", { cause: new Error("no network") })));
  try {
    await expect(borrow(lender.url, "nodes", signal)).rejects.toThrow("no Go (no network)");
    await expect(borrow(lender.url, "nodes", signal)).rejects.toThrow("no Go");
    const stranger = await fetch(`${new URL(lender.url).origin}/guess/api`, { signal });
    expect(stranger.status).toBe(404);
    await stranger.body?.cancel();
  } finally {
    await lender.close();
  }
});
