import { expect, test } from "vitest";
import { fitWarning, warningsOf } from "./warnings.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const decision = (name: string, image: string, reason: string, more: object = {}) => ({
  place: {
    kind: "containers",
    name,
    pointer: `/${name}`,
    image,
    accelerated: false,
    allocated: false,
    claims: false,
    fixed: false,
  } as const,
  code: "nothing-fits" as const,
  machineTypes: [],
  reason,
  warn: true,
  ...more,
});

test("one line tells what is left and why", () => {
  expect(warningsOf([decision("main", "qnib/bench:1", "no such image")])).toEqual([
    "metahub: image qnib/bench:1 of main is left as written: no such image",
  ]);
});

test("what nobody needs to hear is not told", () => {
  expect(warningsOf([decision("main", "qnib/bench:1", "r", { warn: false })])).toEqual([]);
});

test("containers with the same image and reason share a line", () => {
  const all = ["a", "b", "c", "d", "e"].map((name) => decision(name, "app", "r"));
  expect(warningsOf([...all, decision("f", "other", "r")])).toEqual([
    "metahub: image app of a, b, c and 2 more is left as written: r",
    "metahub: image other of f is left as written: r",
  ]);
});

test("a digest is shown by its first digits, and what is put back too", () => {
  const back = decision("main", `app@${digest}`, "r", { image: `app:1@${digest}` });
  expect(warningsOf([back])).toEqual([
    "metahub: image app@sha256:0123456789ab… of main is put back to app:1@sha256:0123456789ab…: r",
  ]);
});

test.each([
  [
    "long names",
    "n".repeat(63),
    `registry.example.com/${"deep/".repeat(40)}app:v1`,
    "none of 7 builds fits ".repeat(9),
  ],
  ["a short one", "main", "app", "none of 7 builds fits ".repeat(20)],
  ["no spaces", "main", "app", "x".repeat(400)],
])(
  "what the API server would cut is cut at a word, and image, name and reason are there: %s",
  (_, name, image, reason) => {
    const [warning = ""] = warningsOf([decision(name, image, reason)]);
    expect(warning.length).toBeLessThanOrEqual(256);
    expect(warning.endsWith("…")).toBe(true);
    expect(warning).toContain(image.slice(-6));
    expect(warning).toContain(reason.slice(0, 60));
  },
);

test("a Warning that fits stays as it is", () => {
  expect(fitWarning("a b")).toBe("a b");
  expect(fitWarning("word ".repeat(60))).toMatch(/word…$/);
});

test("images that are beyond the bound of a Pod share one line, whatever their names", () => {
  const reason = "only the first 256 images of a Pod are looked at";
  const beyond = ["a", "b"].map((name) => decision(name, `app:${name}`, reason, { code: "too-many-images" }));
  expect(warningsOf([decision("main", "app", "r"), ...beyond])).toEqual([
    `metahub: images of 2 containers are left as written: ${reason}`,
    "metahub: image app of main is left as written: r",
  ]);
});

test("no more lines than the API server passes on", () => {
  const many = Array.from({ length: 40 }, (_, one) => decision(`c${one}`, `app:${one}`, "r"));
  const warnings = warningsOf(many);
  expect(warnings).toHaveLength(16);
  expect(warnings.at(-1)).toBe("metahub: 25 more images are not as asked");
  expect(warningsOf(many.slice(0, 16))).toHaveLength(16);
});

test("names and images of any length and with any characters give a short line of plain characters", () => {
  const [warning = ""] = warningsOf([decision(`${"n".repeat(1e6)}`, `\u001b[2J${"x".repeat(1e6)}\nx\u202e`, "r")]);
  expect(warning.length).toBeLessThanOrEqual(256);
  expect(warning).toMatch(/x\uFFFDx\uFFFD of n{62}… is left as written: r$/);
});
