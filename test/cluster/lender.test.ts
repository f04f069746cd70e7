import { expect, test } from "vitest";
import { type Answer, borrow, openLender } from "./lender.ts";

const signal = AbortSignal.timeout(30_000);

/** Lends things that are numbered as they are made. */
async function lendsNumbered() {
  const made: string[] = [];
  const lender = await openLender(async (what): Promise<Answer> => {
    made.push(what);
    return what === "registry" ? { host: `127.0.0.1:${made.length}` } : { dir: `/tmp/${made.length}` };
  });
  return { lender, made };
}

test("nothing is made before it is asked for, and one borrower at a time has each", async () => {
  const { lender, made } = await lendsNumbered();
  try {
    expect(made).toEqual([]);
    const both = await Promise.all([borrow(lender.url, "api", signal), borrow(lender.url, "api", signal)]);
    expect(both.map(({ answer }) => answer)).toEqual(expect.arrayContaining([{ dir: "/tmp/1" }, { dir: "/tmp/2" }]));
    expect((await borrow(lender.url, "registry", signal)).answer).toEqual({ host: "127.0.0.1:3" });
    expect(made).toEqual(["api", "api", "registry"]);
  } finally {
    await lender.close();
  }
});

test("what is given back is lent again", async () => {
  const { lender } = await lendsNumbered();
  try {
    const first = await borrow(lender.url, "api", signal);
    first.giveBack();
    // The lender learns of it by the connection's end.
    const again = async (): Promise<Answer> => {
      const { answer, giveBack } = await borrow(lender.url, "api", signal);
      giveBack();
      return answer;
    };
    await expect.poll(again, { timeout: 20_000 }).toEqual(first.answer);
  } finally {
    await lender.close();
  }
});

test("a failure and a lack reach every borrower, and are found out once; a stranger gets nothing", async () => {
  let asked = 0;
  const lack = { skip: "no cluster of level api", packages: ["runc"] };
  const lender = await openLender((what) => {
    asked++;
    return what === "api"
      ? Promise.resolve(lack)
      : Promise.reject(new Error("no Go", { cause: new Error("no network") }));
  });
  try {
    await expect(borrow(lender.url, "nodes", signal)).rejects.toThrow("no Go (no network)");
    await expect(borrow(lender.url, "nodes", signal)).rejects.toThrow("no Go");
    for (const _ of [1, 2]) expect((await borrow(lender.url, "api", signal)).answer).toEqual(lack);
    expect(asked).toBe(2);
    const stranger = await fetch(`${new URL(lender.url).origin}/guess/api`, { signal });
    expect(stranger.status).toBe(404);
    await stranger.body?.cancel();
  } finally {
    await lender.close();
  }
});
