import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { packageFolders, readPackage } from "../../scripts/notice/packages.ts";
import { headNotice, renderNotice } from "../../scripts/notice/render.ts";

describe("packages of a bundle", () => {
  const input = (bytesInOutput: number) => ({ bytesInOutput });
  const output = (inputs: Readonly<Record<string, { bytesInOutput: number }>>) => ({
    bytes: 1,
    exports: [],
    imports: [],
    inputs,
  });

  test("are those of which it holds a byte, nested ones by themselves", () => {
    const outputs = {
      "dist/a.mjs": output({
        "src/main.ts": input(9),
        "node_modules/express/lib/a.js": input(1),
        "node_modules/@scope/b/index.js": input(1),
        "node_modules/unused/index.js": input(0),
      }),
      "dist/b.mjs": output({ "node_modules/express/node_modules/ms/index.js": input(1) }),
    };
    expect(packageFolders({ outputs })).toEqual([
      "node_modules/@scope/b",
      "node_modules/express",
      "node_modules/express/node_modules/ms",
    ]);
  });
});

describe("a package", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "metahub-notice-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const manifest = (more: object) =>
    writeFile(join(folder, "package.json"), JSON.stringify({ name: "a", version: "1.0.0", ...more }));

  test("brings its licence and its notice, not other files", async () => {
    await manifest({ license: "MIT" });
    await writeFile(join(folder, "LICENSE.md"), "\r\nMay be used.  \r\n");
    await writeFile(join(folder, "NOTICE"), "By A.\n");
    await writeFile(join(folder, "license.js"), "");
    await mkdir(join(folder, "licenses"));
    expect(readPackage(folder)).toEqual({
      name: "a",
      version: "1.0.0",
      license: "MIT",
      texts: ["May be used.", "By A."],
    });
  });

  test("without a licence file is named with its author", async () => {
    await manifest({ license: "Unlicense", author: { name: "A. Author" } });
    expect(readPackage(folder).texts).toEqual(["Unlicense, by A. Author"]);
  });

  test("that says no licence is refused", async () => {
    await manifest({});
    expect(() => readPackage(folder)).toThrow("name, version and license are needed");
  });
});

describe("the notice", () => {
  const some = [
    { name: "a", version: "1.0.0", license: "MIT", texts: ["May be used."] },
    { name: "b", version: "2.0.0", license: "MIT", texts: ["May be used.", "By B."] },
  ];
  const tables = [
    { shown: "the ids of C (MIT)", title: "c.ids", file: "src/c.ts", notice: "SPDX-License-Identifier: MIT" },
    { shown: "the ids of D (0BSD)", title: "d.ids", file: "src/d.ts", notice: "SPDX-License-Identifier: 0BSD" },
  ];
  const text = renderNotice(some, tables);

  test("lists generated tables first, each with its own notice", () => {
    expect(text).toContain("- the ids of C (MIT)\n- the ids of D (0BSD)\n- a 1.0.0 (MIT)\n");
    expect(text).toMatch(
      /\nc\.ids: src\/c\.ts\n-+\n\nSPDX-License-Identifier: MIT\n[\s\S]*\nd\.ids: src\/d\.ts\n-+\n\nSPDX/,
    );
  });

  test("lists every package, and has each text once with those that carry it", () => {
    expect(text).toContain("- a 1.0.0 (MIT)\n- b 2.0.0 (MIT)\n");
    expect(text.split("May be used.")).toHaveLength(2);
    expect(text).toMatch(/a 1\.0\.0, b 2\.0\.0\n-+\n\nMay be used\.\n/);
    expect(text).toMatch(/\nb 2\.0\.0\n-+\n\nBy B\.\n/);
  });

  test("is another where a package has another version", () => {
    const later = some.map((one) => (one.name === "a" ? { ...one, version: "1.0.1" } : one));
    expect(renderNotice(later, tables)).not.toBe(text);
  });

  test("has the upstream notice of generated data from its SPDX line on", () => {
    expect(headNotice("// Made by a script.\n// SPDX-License-Identifier: MIT\n//\n// By C.\n\ncode();\n")).toBe(
      "SPDX-License-Identifier: MIT\n\nBy C.",
    );
    expect(() => headNotice("// Made by a script.\n\ncode();\n")).toThrow("has lost its upstream notice");
  });
});

test("the image carries the licence and the notices, and its build may see them", () => {
  const read = (file: string): string => readFileSync(join(import.meta.dirname, "../..", file), "utf8");
  const lastStage = read("Dockerfile")
    .split(/^FROM /m)
    .at(-1);
  expect(lastStage).toContain("COPY LICENSE NOTICE /metahub/\n");
  expect(read(".dockerignore").split("\n")).toEqual(expect.arrayContaining(["!LICENSE", "!NOTICE"]));
});
