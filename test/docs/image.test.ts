import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startFolderConsole } from "../cli/console-program.ts";

const root = join(import.meta.dirname, "../..");

/** What the lines `COPY SOURCE… PLACE` of the Dockerfile take out of the checkout. */
async function copied(): Promise<readonly string[]> {
  const lines = (await readFile(join(root, "Dockerfile"), "utf8")).matchAll(/^COPY (?!--from)(.+) \S+$/gm);
  return [...lines].flatMap(([, sources = ""]) => sources.split(" "));
}

test("what the Dockerfile copies is what .dockerignore lets through", async () => {
  const lines = (await readFile(join(root, ".dockerignore"), "utf8")).split("\n");
  const through = lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  expect(new Set(through)).toEqual(new Set(await copied()));
});

test("what the Dockerfile copies builds the program with its pages, which then runs without the sources", async () => {
  const folder = await mkdtemp(join(tmpdir(), "metahub-image-"));
  try {
    for (const source of await copied()) {
      const filter = (path: string): boolean => !path.endsWith(".test.ts") && basename(path) !== "README.md";
      await cp(join(root, source), join(folder, "src", source), { recursive: true, filter });
    }
    // In place of `npm ci`.
    await symlink(join(root, "node_modules"), join(folder, "src/node_modules"));
    await promisify(execFile)(process.execPath, ["scripts/build.ts"], { cwd: join(folder, "src") });
    expect(await readdir(join(folder, "src/dist"))).toEqual(expect.arrayContaining(["console", "metahub.mjs"]));
    // As the last stage has it.
    await rename(join(folder, "src/dist"), join(folder, "metahub"));
    await rm(join(folder, "src"), { recursive: true });
    const running = await startFolderConsole(join(folder, "metahub/metahub.mjs"));
    try {
      const page = await (await fetch(running.url)).text();
      const [, script = ""] = /src="([^"]+\.js)"/.exec(page) ?? [];
      const answer = await fetch(new URL(script, running.url));
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
    } finally {
      await running.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
