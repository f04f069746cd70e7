import fc from "fast-check";
import { expect, test } from "vitest";
import { afterKey, joinTags, readTags, type TagPage } from "./listed-tags.ts";

const signal = new AbortController().signal;

/** A page as a registry gives it by the specification: after `last` in its order, at most `n`. */
function pageOf(all: readonly string[], query: URLSearchParams): TagPage {
  const last = query.get("last");
  const begin = last === null ? 0 : all.filter((tag) => tag <= last).length;
  const count = Number(query.get("n") ?? "3");
  const tags = all.slice(begin, begin + count);
  const end = tags.at(-1);
  const more = end !== undefined && begin + count < all.length;
  return { name: "a", tags, next: more ? `n=${count}&last=${end}` : undefined };
}

function pagesOf(all: readonly string[], listed: readonly string[], n: number | undefined): (readonly string[])[] {
  const pages: (readonly string[])[] = [];
  let query = new URLSearchParams(n === undefined ? "" : `n=${n}`);
  for (let next: string | undefined = ""; next !== undefined; query = new URLSearchParams(next)) {
    const upstream = new URLSearchParams([...query].filter(([key]) => key !== afterKey));
    const page = joinTags(pageOf(all, upstream), listed, query);
    pages.push(page.tags);
    next = page.next;
    if (next === undefined) return pages;
    expect(pages.length).toBeLessThan(100);
  }
  return pages;
}

const tag = fc.stringMatching(/^[a-cA-C0-9_]{1,2}$/);
const sorted = fc.uniqueArray(tag, { maxLength: 12 }).map((tags) => tags.sort());

test("page by page each tag is there once, in order, whether upstream has it, a list names it, or both", () => {
  const count = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });
  fc.assert(
    fc.property(sorted, sorted, count, (all, listed, n) => {
      const pages = pagesOf(all, listed, n);
      expect(pages.flat()).toEqual([...new Set([...all, ...listed])].sort());
      if (n !== undefined) expect(pages.every(({ length }) => length <= n)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("a client that pages by the last tag that it saw gets the rest, and none where it asks for none", () => {
  const all = ["a", "c", "e"];
  const ask = (text: string) => {
    const query = new URLSearchParams(text);
    return joinTags(pageOf(all, query), ["b", "c", "f"], query).tags;
  };
  expect([ask("n=9&last=b"), ask("n=9&last=e"), ask("n=9&last=f"), ask("n=0")]).toEqual([
    ["c", "e", "f"],
    ["f"],
    [],
    [],
  ]);
  const none = new URLSearchParams("n=0");
  expect(joinTags(pageOf(all, none), ["b"], none).next).toBeUndefined();
});

test("where upstream names its next page by a key of its own, or has another order, no tag is lost", () => {
  const first = { name: "a", tags: ["z", "m"], next: "cursor=2" };
  const one = joinTags(first, ["b", "n"], new URLSearchParams("n=2"));
  expect([one.tags, new URLSearchParams(one.next).get("cursor")]).toEqual([["b", "z", "m"], "2"]);
  const rest = joinTags({ name: "a", tags: ["c"], next: undefined }, ["b", "n"], new URLSearchParams(one.next));
  expect(rest.tags).toEqual(["c", "n"]);
  // Only its own tags say to a registry where to go on.
  const cut = joinTags({ name: "a", tags: ["m", "z"], next: "n=2&last=z" }, ["n"], new URLSearchParams("n=2"));
  expect([cut.tags, new URLSearchParams(cut.next).get("last")]).toEqual([["m", "n"], "m"]);
});

test("a page of no tags may be null; what is no list of tags is told", async () => {
  const read = (text: string) => readTags({ bytes: Buffer.from(text), next: undefined }, "team/app", signal);
  expect(await read('{"name":"own","tags":null}')).toEqual({ name: "own", tags: [], next: undefined });
  expect(await read('{"tags":["a"]}')).toEqual({ name: "team/app", tags: ["a"], next: undefined });
  for (const text of ["[]", "no", '{"tags":[1]}', '{"tags":"a"}']) {
    await expect(read(text)).rejects.toMatchObject({ code: "INVALID" });
  }
});
