import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimPort } from "./port-claims.ts";
import { freePorts, isFree } from "./ports.ts";

test("free ports are different, outside of what the kernel gives to others, and free", async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(20_000);
    expect(port).toBeLessThan(30_000);
  }
  const [port = 0] = ports;
  expect(await isFree(port)).toBe(true);
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  expect(await isFree(port)).toBe(false);
  server.close();
});

test("a port is claimed once, by one process, and the claim of one that is gone does not count", async () => {
  const [port = 0] = await freePorts(1);
  const file = join(tmpdir(), `metahub-ports-${userInfo().uid}`, String(port));
  expect([claimPort(port), readFileSync(file, "utf8")]).toEqual([false, String(process.pid)]);
  const { pid, stdout } = spawnSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" });
  expect(Number(stdout)).toBe(pid);
  writeFileSync(file, String(pid));
  expect([claimPort(port), claimPort(port), readFileSync(file, "utf8")]).toEqual([true, false, String(process.pid)]);
});
