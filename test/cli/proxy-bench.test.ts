import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { findProgram } from "../cluster/programs.ts";

const bench = join(import.meta.dirname, "../bench/proxy.bench.ts");

test("a short comparison of the registry with what else stands before one measures all of them", {
  timeout: 300_000,
}, async () => {
  const child = spawn(process.execPath, [bench, "20"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const said = await text(child.stdout);
  // 1: a target was missed, which says nothing of a short run on a machine that does other things too.
  expect([0, 1], said).toContain(await ended);
  const nginx = findProgram("nginx") !== undefined;
  const others = [
    ...(findProgram("docker-registry") === undefined ? [] : ["docker-registry"]),
    ...(nginx ? ["nginx"] : []),
  ];
  const manifests = [...said.matchAll(/^ *(\d+) +(\D+?) +([\d.]+) +([\d.]+) +(\d+) +[\d.]+(?: +[\d.]+x)? *$/gm)];
  const blobs = [...said.matchAll(/^ *(\d+) +(\D+?) +(\d+) +[\d.]+ +[\d.]+(?: +[\d.]+x)? *$/gm)];
  const servers = ["metahub proxy", "upstream", ...others];
  const named = (rows: readonly RegExpExecArray[]) => rows.map(([, count, name]) => `${count} ${name}`);
  expect(named(manifests), said).toEqual([1, 16].flatMap((count) => servers.map((name) => `${count} ${name}`)));
  expect(named(blobs), said).toEqual([1, 4].flatMap((count) => servers.map((name) => `${count} ${name}`)));
  for (const [line, , , ...numbers] of [...manifests, ...blobs]) {
    for (const number of numbers) expect(Number(number), line).toBeGreaterThan(0);
  }
  const verdicts = said.split("\n").filter((line) => /^(met {3}|MISSED) /.test(line));
  expect(verdicts, said).toHaveLength(nginx ? 4 : 0);
});
