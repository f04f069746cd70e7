import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTool } from "./tool.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-tool-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function tool(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const limits = { timeoutMs: 20_000, maxBytes: 64 };
const signal = new AbortController().signal;
const env = { PATH: "/usr/bin:/bin" };

describe("a tool of the host", () => {
  const cases: [what: string, script: string, result: object][] = [
    ["writes", "echo hello; echo noise >&2", { kind: "output", text: "hello\n" }],
    [
      "fails with a message",
      "echo 'no driver' >&2; exit 9",
      { kind: "failed", reason: "it ended with exit code 9: no driver", output: "" },
    ],
    [
      "fails with a message among its output",
      "printf 'a\\nb'; exit 6",
      { kind: "failed", reason: "it ended with exit code 6: a b", output: "a\nb" },
    ],
    [
      "writes without end",
      "while :; do echo 0123456789; done",
      { kind: "failed", reason: "it wrote more than 64 bytes" },
    ],
    ["is killed", "kill -9 $$", { kind: "failed", reason: "it was ended by SIGKILL" }],
  ];
  test.each(cases)("%s", async (what, script, result) => {
    const path = await tool(what.replaceAll(" ", "-"), script);
    expect(await runTool(path, [], limits, { signal, env })).toMatchObject(result);
  });

  test("is not there", async () => {
    expect(await runTool(join(folder, "none"), [], limits, { signal, env })).toEqual({ kind: "absent" });
    expect(await runTool("none", [], limits, { signal, env: { PATH: folder } })).toEqual({ kind: "absent" });
  });

  test("is there and may not be run", async () => {
    const path = join(folder, "plain");
    await writeFile(path, "text");
    expect(await runTool(path, [], limits, { signal, env })).toMatchObject({ kind: "failed" });
  });

  test("hangs", async () => {
    const path = await tool("hangs", "echo first; exec sleep 600");
    const result = await runTool(path, [], { ...limits, timeoutMs: 300 }, { signal, env });
    expect(result).toMatchObject({ kind: "failed", reason: "it gave no answer within 0.3 s" });
  });

  test("is given up when the signal says so", async () => {
    const path = await tool("waits", "exec sleep 600");
    const ended = new AbortController();
    const running = runTool(path, [], limits, { signal: ended.signal, env });
    ended.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await expect(runTool(path, [], limits, { signal: ended.signal, env })).rejects.toThrow("enough");
  });
});
