// The webhook under siege: one tenant and one neighbour attack in every way of docs/threat-model.md at once, while
// another tenant's Pods are admitted and bound at a fixed rate, all on loopback.
// (target: no Pod of the others left as written, their p99 under 250 ms on two cores that do nothing else, resident
// memory under the chart's limit of 384 MiB, and readiness never lost)
// Run: npm run bench -- siege; node test/bench/siege.bench.ts SECONDS for another length than 120 s
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderTable } from "../../src/cli/terminal/table.ts";
import { build } from "../demo/bundle.ts";
import { startProgram } from "./program.ts";
import { SiegeCluster } from "./siege/cluster.ts";
import { Lateness } from "./siege/lateness.ts";
import { Others } from "./siege/others.ts";
import { Phase, type PhaseResult } from "./siege/phase.ts";
import { neighbour, others, type Rates, tenant, waiting } from "./siege/rates.ts";
import { startWebhook } from "./siege/webhook.ts";

const seconds = Number(process.argv[2] ?? "120");
/** Seconds before and after the attack. */
const calm = seconds < 60 ? 3 : 30;

type End = () => Promise<unknown> | unknown;

async function siege(ends: End[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "metahub-siege-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const cluster = await SiegeCluster.start();
  ends.push(() => cluster.server.stop());
  const shared = await startProgram("siege/shared-registry.ts");
  ends.push(shared.stop);
  const hostile = await startProgram("hostile-registry.ts");
  ends.push(hostile.stop);
  const slow = await startProgram("siege/slow-registry.ts");
  ends.push(slow.stop);
  const webhook = await startWebhook(folder, cluster.server.url);
  ends.push(webhook.stop);
  const others = new Others(cluster, webhook, shared.told);
  ends.push(() => others.close());
  const lateness = new Lateness();
  ends.push(() => lateness.close());
  const ended = new AbortController();
  ends.push(() => ended.abort());
  others.begin(ended.signal);

  const phase = async (name: string, length: number, generators: readonly number[]): Promise<PhaseResult> => {
    others.take();
    return await new Phase(webhook, others, lateness, generators).run(name, length);
  };
  await phase("warming up", 3, []);
  const results = [await phase("before", calm, [])];
  const target = JSON.stringify({
    port: webhook.port,
    healthPort: webhook.healthPort,
    ca: webhook.ca,
    path: webhook.path,
    noteKey: webhook.noteKey,
  });
  const generators = [
    await startProgram("siege/neighbour.ts", [target]),
    await startProgram("siege/tenant.ts", [target, `127.0.0.1:${hostile.told}`, slow.told, shared.told]),
  ];
  ends.push(...generators.map(({ stop }) => stop));
  const filling = new AbortController();
  ends.push(() => filling.abort());
  cluster.fill(filling.signal);
  results.push(
    await phase(
      "attack",
      seconds,
      [...generators, hostile, slow].map(({ pid }) => pid),
    ),
  );
  filling.abort();
  for (const { stop } of generators) await stop();
  results.push(await phase("after", calm, []));
  console.log(report(results));
  console.log("P50, P99: ms; WRITTEN: Pods that were rewritten; MIB: resident at most");
  console.log("LATE: how late a thread wakes that does nothing else, p99, ms");
  console.log("CPU %: of one processor, by the webhook, by those who attack and who ask");
  console.log(`the webhook ran in ${webhook.limited}, and logged ${(webhook.logged() / 1_048_576).toFixed(2)} MiB`);
  return results.flatMap(({ faults }) => faults);
}

function report(results: readonly PhaseResult[]): string {
  return renderTable({
    columns: [
      { header: "PHASE" },
      { header: "PODS", align: "right" },
      { header: "P50", align: "right" },
      { header: "P99", align: "right" },
      { header: "WRITTEN", align: "right" },
      { header: "MIB", align: "right" },
      { header: "READY", align: "right" },
      { header: "LATE", align: "right" },
      { header: "CPU %", align: "right" },
    ],
    rows: results.flatMap(({ rows }) => rows),
  });
}

/** Who does what how often. */
function told(all: Readonly<Record<string, Rates>>): string {
  return renderTable({
    columns: [{ header: "WHO" }, { header: "WHAT" }, { header: "A SECOND", align: "right" }],
    rows: Object.entries(all).flatMap(([who, rates]) =>
      Object.entries(rates).map(([what, perSecond]) => [who, what, perSecond]),
    ),
  });
}

await build();
const ends: End[] = [];
try {
  console.log(told({ others, tenant: { ...tenant, ...waiting }, neighbour }));
  const faults = await siege(ends);
  for (const fault of faults) console.log(`missed: ${fault}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  for (const end of ends.reverse()) await end();
}
