import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const bench = join(import.meta.dirname, "../bench/siege.bench.ts");

test("a siege of ten seconds leaves the webhook alive, ready and at work", { timeout: 300_000 }, async () => {
  const child = spawn(process.execPath, [bench, "10"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const said = await text(child.stdout);
  // 1: a target of time was missed, which says nothing on a machine that does other things too.
  expect([0, 1], said).toContain(await ended);
  const rows = [...said.matchAll(/^(before|attack|after), (admitted|bound) +(\d+) +\d+ +\d+ +([\d.]+) %/gm)];
  expect(rows.map(([, phase, what]) => `${phase} ${what}`)).toEqual(
    ["before", "attack", "after"].flatMap((phase) => [`${phase} admitted`, `${phase} bound`]),
  );
  for (const [line, phase, , pods, rewritten] of rows) {
    expect(Number(pods), line).toBeGreaterThan(0);
    if (phase !== "attack") expect(Number(rewritten), line).toBeGreaterThan(90);
    else expect(Number(rewritten), line).toBeGreaterThan(0);
  }
  expect(said).not.toMatch(/the webhook ended|readiness was lost|are over the chart's limit/);
  for (const line of said.split("\n"))
    if (!line.startsWith("missed: ")) expect(line.length, line).toBeLessThanOrEqual(80);
});
