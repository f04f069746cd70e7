import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { headNotice } from "../notice/render.ts";
import { headOf } from "./head.ts";

const table = readFileSync(new URL("../../src/hardware/nodes/amd-targets.generated.ts", import.meta.url), "utf8");
const notice = readFileSync(new URL("../../NOTICE", import.meta.url), "utf8");

test("the table begins with the notices of its sources, and NOTICE has them", () => {
  const [, pciIds = "", linux = ""] = /pci\.ids (\S+) [\s\S]*? of Linux (\S+)\. Do not edit/.exec(table) ?? [];
  expect(table.startsWith(`${headOf(pciIds, linux)}\n\n/** PCI`)).toBe(true);
  const ours = headNotice(table);
  expect(ours).toMatch(/Martin\s+Mares and Albert Pool[\s\S]*VA Linux Systems/);
  expect(notice).toContain(ours);
});
