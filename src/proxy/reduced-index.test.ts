import { expect, test } from "vitest";
import { drain } from "../oci/steps.ts";
import { nestedIn, reduceIndex } from "./reduced-index.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const [a, b, c] = [digest("a"), digest("b"), digest("c")];
const reduce = (text: string, of: string) => drain(reduceIndex(text, of));

test("entries, annotations and all around them are byte for byte what they were, keys in their order", () => {
  const own = `{ "size": 1,\t"digest":"${b}", "x": ["]","}",{"y":"\\"\\\\"}], "mediaType": "m" }`;
  const attestation = `{"digest":"${c}","annotations":{"z":"1","vnd.docker.reference.digest":"${b}","a":"2"}}`;
  const other = `{"digest":"${a}","annotations":{"vnd.docker.reference.digest":"${c}"}}`;
  const head = '{ "z":1,\n "annotations":{"manifests":"no","k":"[{"},"manifests" :\n[';
  const tail = ' ] ,"schemaVersion":2,"subject":{"digest":"s"}}\n';
  expect(reduce(`${head} ${other} , ${own},${attestation}, ${other}${tail}`, b)).toBe(
    `${head}${own},${attestation}${tail.slice(1)}`,
  );
});

test("an index of nothing else stays as it is", () => {
  const text = `{"manifests": [ {"digest":"${a}"} ]}`;
  expect(reduce(text, a)).toBe(text);
});

test.each([
  ["no such entry", `{"manifests":[{"digest":"${a}"}]}`],
  ["only what belongs to it", `{"manifests":[{"digest":"${a}","annotations":{"vnd.docker.reference.digest":"${b}"}}]}`],
  ["no list", '{"schemaVersion":2}'],
  ["a list that is none", '{"manifests":{"digest":1}}'],
  ["an empty list", '{"manifests":[]}'],
  ["a list elsewhere", `{"annotations":{"manifests":[{"digest":"${b}"}]}}`],
])("%s: nothing is left", (_name, text) => {
  expect(reduce(text, b)).toBeUndefined();
});

test("a key may be written with escapes", () => {
  expect(reduce(`{"\\u006danifests":[{"digest":"${a}"},{"digest":"${b}"}]}`, b)).toBe(
    `{"\\u006danifests":[{"digest":"${b}"}]}`,
  );
});

test("what an index of layers belongs to stays with it", () => {
  const soci = `{"digest":"${c}","annotations":{"com.amazon.soci.image-manifest-digest":"${a}"}}`;
  expect(reduce(`{"manifests":[{"digest":"${a}"},{"digest":"${b}"},${soci}]}`, a)).toContain(soci);
});

test("all kinds of texts: what is left is what a parser would leave", () => {
  let seed = 7;
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const strings = ["", "]", "[{", '"', "\\", "\u2028é", "manifests", a, b];
  const value = (depth: number): unknown => {
    const kind = next(depth > 3 ? 2 : 4);
    if (kind === 0) return strings[next(strings.length)];
    if (kind === 1) return [null, true, -1.5e3, 0][next(4)];
    const members = Array.from({ length: next(4) }, () => value(depth + 1));
    return kind === 2 ? members : Object.fromEntries(members.map((member, index) => [strings[index + 1], member]));
  };
  for (let round = 0; round < 2_000; round += 1) {
    const manifests = Array.from({ length: next(5) }, () => ({ digest: [a, b, c][next(3)], extra: value(0) }));
    const index = next(2) === 0 ? { x: value(0), manifests, y: value(0) } : { manifests, z: value(0) };
    const text = JSON.stringify(index, undefined, next(3));
    const kept = manifests.filter((entry) => entry.digest === b);
    const left = reduce(text, b);
    if (kept.length === 0) expect(left).toBeUndefined();
    else expect(JSON.parse(left ?? "")).toEqual(JSON.parse(JSON.stringify({ ...index, manifests: kept })));
  }
});

test("nested indexes are named in their order", () => {
  const text = `{"manifests":[{"digest":"${a}","mediaType":"index"},{"digest":"${b}","mediaType":"image"},{"digest":"${c}","mediaType":"index"}]}`;
  expect(drain(nestedIn(text, (type) => type === "index"))).toEqual([a, c]);
});
