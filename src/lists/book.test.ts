import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { list } from "../../test/support/lists.ts";
import { parseReference } from "../oci/reference.ts";
import { ListBook } from "./book.ts";

const manifests = [{ image: "qnib/bench:generic" }];
const all = list("all", { image: "qnib/bench", manifests }, { day: 9 });
const v1 = list("v1", { image: "docker.io/qnib/bench:v1", tags: ["v1.2"], manifests }, { day: 5 });
const own = list("own", { image: "qnib/bench", manifests }, { namespace: "hpc", day: 20 });
const younger = list("younger", { image: "qnib/bench", tags: ["v1"], manifests }, { namespace: "hpc", day: 21 });
const book = new ListBook([younger, own, all, v1]);
const find = (image: string, namespace?: string) => book.find(parseReference(image), namespace)?.name;

describe("the list that speaks for a name", () => {
  test("is the older one of those that name its tag, or every tag", () => {
    expect([find("qnib/bench:v1"), find("qnib/bench:v1.2"), find("qnib/bench"), find("qnib/other")]).toEqual([
      "v1",
      "v1",
      "all",
      undefined,
    ]);
  });

  test("is a namespace's own for its Pods, however young, and for nobody else", () => {
    expect([find("qnib/bench:v1", "hpc"), find("qnib/bench:v1", "other"), find("qnib/bench:v1")]).toEqual([
      "own",
      "v1",
      "v1",
    ]);
  });

  test("is none for a digest", () => {
    const digest = `sha256:${"0".repeat(64)}`;
    expect([find(`qnib/bench@${digest}`, "hpc"), find(`qnib/bench:v1@${digest}`)]).toEqual([undefined, undefined]);
  });

  test("is none for a tag that stands for a digest, unless a list names it", () => {
    const stands = ["sha256", "sha512"].map((algorithm) => `${algorithm}-${"0".repeat(64)}`);
    for (const tag of [...stands, `${stands[0]}.sig`]) {
      expect([tag, find(`qnib/bench:${tag}`), find(`qnib/bench:${tag}`, "hpc")]).toEqual([tag, undefined, undefined]);
      const named = new ListBook([all, list("named", { image: `qnib/bench:${tag}`, manifests }, { day: 10 })]);
      const reference = parseReference(`qnib/bench:${tag}`);
      const found = named.find(reference, undefined);
      expect([found?.name, found && named.beaten(found, reference)]).toEqual(["named", []]);
    }
    expect(find(`qnib/bench:sha256-${"0".repeat(63)}`)).toBe("all");
  });

  test("does not depend on who was read first", () => {
    const lists = [all, v1, own, younger, list("twin", { image: "qnib/bench", manifests }, { day: 9 })];
    fc.assert(
      fc.property(fc.shuffledSubarray(lists, { minLength: lists.length }), (order) => {
        const other = new ListBook(order);
        expect(other.lists.map(({ name }) => name)).toEqual(["v1", "all", "twin", "own", "younger"]);
      }),
    );
  });
});

test("a conflict is told of the younger list alone, with the tags that another one speaks for", () => {
  const told = (one: (typeof book.lists)[number]) => {
    const { winner, tags } = book.conflict(one) ?? {};
    return [winner?.name, tags];
  };
  expect(told(v1)).toEqual([undefined, undefined]);
  expect(told(all)).toEqual(["v1", ["v1", "v1.2"]]);
  expect(told(younger)).toEqual(["own", ["v1"]]);
  // That it takes the name from a list for everybody is what it is for.
  expect(told(own)).toEqual([undefined, undefined]);
  expect(new ListBook([all, list("late", { image: "qnib/bench", manifests }, { day: 10 })]).conflict(all)).toBe(
    undefined,
  );
});
