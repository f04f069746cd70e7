import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";

const lockfile = z.object({
  packages: z.record(z.string(), z.object({ integrity: z.string().optional(), resolved: z.string().optional() })),
});
const file = fileURLToPath(new URL("../../package-lock.json", import.meta.url));
const packages = Object.entries(lockfile.parse(JSON.parse(readFileSync(file, "utf8"))).packages).filter(
  ([path]) => path !== "",
);

test("every package that npm ci may fetch is checked against a digest", () => {
  expect(packages.length).toBeGreaterThan(100);
  const unchecked = packages.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""));
  expect(unchecked.map(([path]) => path)).toEqual([]);
});

test("no package names the registry that it was found at", () => {
  expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
});
