// What choosing at binding costs a scheduler: Pods bound per second without a webhook, with one that does nothing, and
// with ours, at the scheduler's own limits and at 5,000 requests per second (target: nothing lost at the first, at the
// second at least 75 % of the webhook that does nothing and p99 of the handler under 300 ms).
// Run: npm run bench -- binding [needs the real API server and scheduler; METAHUB_BENCH_PODS: Pods of one run]
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { request } from "undici";
import { z } from "zod";
import { renderTable } from "../../src/cli/table.ts";
import { Reflector } from "../../src/kubernetes/reflector.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { createAuthority } from "../cluster/pki.ts";
import { signalProcess } from "../cluster/process-identity.ts";
import { readProcessRecords } from "../cluster/run-record.ts";
import { type BindingSite, buildOf, openBindingSite, pods, soon } from "../integration/binding-site.ts";
import { median } from "./load.ts";

const count = Number(process.env["METAHUB_BENCH_PODS"] ?? 500);
const highQps = 5_000;
const modes = ["without a webhook", "one that does nothing", "metahub"] as const;
type Mode = (typeof modes)[number];

interface Run {
  readonly perSecond: number;
  /** Pods that run what their owner wrote, because there was no time, or the build of another node. */
  readonly missed: number;
  readonly wrong: number;
  /** Processor time of one Pod's binding, in milliseconds: it says where the time goes, also on a busy machine. */
  readonly cpu: { readonly apiServer: number; readonly webhook: number };
}

/** The API server's watch brings a changed webhook configuration to itself within this time. */
const settleMs = 1_000;

async function bench(schedulerQps: number | undefined, rounds: number): Promise<readonly (readonly string[])[]> {
  const site = await openBindingSite(schedulerQps === undefined ? {} : { schedulerQps });
  if (site === undefined) throw new Error("no cluster of level api can be started here");
  const noop = await startNoop(site);
  try {
    const runs = new Map<Mode, Run[]>(modes.map((mode) => [mode, []]));
    const ours = await configurationOf(site, "metahub");
    await remove(site, "metahub");
    const before = await buckets(site);
    for (let round = 0; round <= rounds; round++) {
      for (const mode of modes) {
        const configuration =
          mode === "metahub" ? ours : mode === "one that does nothing" ? noop.configuration : undefined;
        if (configuration !== undefined) await kubectl(site.cluster, ["create", "-f", "-"], configuration);
        await delay(settleMs);
        const webhook = mode === "metahub" ? site.operator.webhook.pid : mode === modes[1] ? noop.pid : undefined;
        const run = await bindAll(site, `run-${round}-${modes.indexOf(mode)}`, mode === "metahub", webhook);
        if (round > 0) runs.get(mode)?.push(run); // The first round warms up.
        if (configuration !== undefined) await remove(site, mode === "metahub" ? "metahub" : "noop");
      }
    }
    const handled = difference(before, await buckets(site));
    const middle = (mode: Mode, of: (run: Run) => number): number => median((runs.get(mode) ?? []).map(of));
    const speed = (mode: Mode): number => middle(mode, ({ perSecond }) => perSecond);
    const sum = (mode: Mode, of: (run: Run) => number): string =>
      mode === "metahub" ? String((runs.get(mode) ?? []).reduce((total, run) => total + of(run), 0)) : "";
    const limit = schedulerQps === undefined ? "default (50)" : String(schedulerQps);
    return modes.map((mode) => [
      limit,
      mode,
      speed(mode).toFixed(0),
      `${(speed(mode) / speed("without a webhook")).toFixed(2)}x`,
      `${(speed(mode) / speed("one that does nothing")).toFixed(2)}x`,
      mode === "metahub" ? quantile(handled, 0.5) : "",
      mode === "metahub" ? quantile(handled, 0.99) : "",
      middle(mode, ({ cpu }) => cpu.apiServer).toFixed(1),
      mode === modes[0] ? "" : middle(mode, ({ cpu }) => cpu.webhook).toFixed(1),
      sum(mode, ({ missed }) => missed),
      sum(mode, ({ wrong }) => wrong),
    ]);
  } finally {
    noop.stop();
    await site.stop();
  }
}

/**
 * Creates the Pods while the scheduler is stopped, lets it go on, and takes the time from the first to the last Pod
 * that gets a node, as a watch tells it.
 */
async function bindAll(site: BindingSite, app: string, check: boolean, webhook: number | undefined): Promise<Run> {
  const processes = readProcessRecords(site.cluster.dir);
  const scheduler = processes.find(({ name }) => name === "kube-scheduler");
  const apiServer = processes.find(({ name }) => name === "kube-apiserver");
  if (scheduler === undefined || apiServer === undefined) throw new Error("the cluster's processes are not known");
  const times: number[] = [];
  const all = Promise.withResolvers<void>();
  const ended = new AbortController();
  const reflector = new Reflector<string>({
    client: site.client,
    resource: pods,
    namespace: "default",
    labelSelector: `app=${app}`,
    transform: (object) => nodeOf(object),
    onChange: ({ type }) => {
      if (type !== "added") return;
      times.push(performance.now());
      if (times.length === count) all.resolve();
    },
  });
  const following = reflector.run(ended.signal);
  signalProcess(scheduler, "SIGSTOP");
  try {
    const names = Array.from({ length: count }, (_, index) => `${app}-${index}`);
    const spec = { terminationGracePeriodSeconds: 0 };
    await Promise.all(names.map((name) => site.createPod(name, { labels: { app }, spec })));
  } finally {
    signalProcess(scheduler, "SIGCONT");
  }
  const used = (): readonly [number, number] => [cpuMs(apiServer.pid), webhook === undefined ? 0 : cpuMs(webhook)];
  const before = used();
  const late = AbortSignal.timeout(120_000);
  late.addEventListener("abort", () => all.reject(new Error(`${times.length} of ${count} Pods were bound in 120 s`)));
  await all.promise;
  const [api = 0, hook = 0] = used().map((ms, index) => (ms - (before[index] ?? 0)) / count);
  ended.abort(new Error("all are bound"));
  await following;
  const found = check ? await site.podsOf(app) : [];
  const bad = found.filter((pod) => site.buildIn(pod) !== buildOf[pod.spec.nodeName ?? ""]);
  const missed = bad.filter((pod) => site.buildIn(pod) === "written").length;
  await site.deletePods(app);
  const perSecond = (1_000 * (count - 1)) / ((times.at(-1) ?? 0) - (times[0] ?? 0));
  return { perSecond, missed, wrong: bad.length - missed, cpu: { apiServer: api, webhook: hook } };
}

/** What a process has used so far (proc(5): utime and stime, in hundredths of a second on Linux). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

const nodeSchema = z.object({ spec: z.object({ nodeName: z.string().optional() }) });

function nodeOf(object: unknown): string | undefined {
  return nodeSchema.parse(object).spec.nodeName;
}

async function configurationOf(site: BindingSite, name: string): Promise<object> {
  const text = await kubectl(site.cluster, ["get", "validatingwebhookconfiguration", name, "-o", "json"]);
  const { metadata: _, ...rest } = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  return { ...rest, metadata: { name } };
}

async function remove(site: BindingSite, name: string): Promise<void> {
  await kubectl(site.cluster, ["delete", "validatingwebhookconfiguration", name]);
}

/** A server in a process of its own that allows every binding. */
async function startNoop(site: BindingSite): Promise<{ configuration: object; pid: number; stop: () => void }> {
  const authority = await createAuthority();
  const pair = await authority.issue({ commonName: "noop", server: true, addresses: ["127.0.0.1"] });
  const [key, certificate] = ["noop.key", "noop.crt"].map((name) => join(site.cluster.dir, name));
  if (key === undefined || certificate === undefined) throw new Error("no place for a certificate");
  await writeFile(key, pair.key, { mode: 0o600 });
  await writeFile(certificate, pair.certificate);
  const program = join(import.meta.dirname, "noop-server.ts");
  const child: ChildProcess = spawn(process.execPath, [program, "express", key, certificate], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout === null) throw new Error("the server has no output");
  const port = await new Promise<string>((resolve, reject) => {
    child.once("close", () => reject(new Error("the server ended before it listened")));
    if (child.stdout !== null) createInterface(child.stdout).once("line", resolve);
  });
  const webhook = {
    name: "noop.metahub.dev",
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    failurePolicy: "Ignore",
    timeoutSeconds: 5,
    clientConfig: {
      url: `https://127.0.0.1:${port}/`,
      caBundle: Buffer.from(authority.certificate).toString("base64"),
    },
    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods/binding"] }],
  };
  return {
    configuration: {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "noop" },
      webhooks: [webhook],
    },
    pid: child.pid ?? 0,
    stop: () => child.kill("SIGTERM"),
  };
}

/** Cumulative counts of the handler's times, by upper bound in seconds. */
async function buckets(site: BindingSite): Promise<ReadonlyMap<number, number>> {
  const { body } = await request(`${site.operator.webhook.health}/metrics`, { signal: soon() });
  const found = new Map<number, number>();
  for (const [, bound = "", value] of (await body.text()).matchAll(
    /^metahub_binding_duration_seconds_bucket\{le="([^"]+)".*\} (\d+)$/gm,
  )) {
    const seconds = bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound);
    found.set(seconds, (found.get(seconds) ?? 0) + Number(value));
  }
  return found;
}

function difference(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): Map<number, number> {
  return new Map([...after].map(([bound, value]) => [bound, value - (before.get(bound) ?? 0)]));
}

/** Between the bounds of the bucket that it falls in, as a straight line. */
function quantile(counts: ReadonlyMap<number, number>, part: number): string {
  const sorted = [...counts].sort(([left], [right]) => left - right);
  const wanted = part * (sorted.at(-1)?.[1] ?? 0);
  let [lower, below] = [0, 0];
  for (const [bound, value] of sorted) {
    if (value >= wanted && value > below) {
      if (!Number.isFinite(bound)) return `> ${(lower * 1_000).toFixed(0)}`;
      return ((lower + ((bound - lower) * (wanted - below)) / (value - below)) * 1_000).toFixed(0);
    }
    [lower, below] = [bound, value];
  }
  return "";
}

const rows = [...(await bench(undefined, 1)), ...(await bench(highQps, 3))];
console.log(`${count} Pods at once on 4 machine types, node ${process.version}\n`);
console.log(
  renderTable({
    columns: [
      { header: "SCHEDULER QPS", align: "right" },
      { header: "BINDING WEBHOOK" },
      { header: "PODS/S", align: "right" },
      { header: "OF NONE", align: "right" },
      { header: "OF NO-OP", align: "right" },
      { header: "HANDLER P50 MS", align: "right" },
      { header: "HANDLER P99 MS", align: "right" },
      { header: "API SERVER CPU MS/POD", align: "right" },
      { header: "WEBHOOK CPU MS/POD", align: "right" },
      { header: "MISSED", align: "right" },
      { header: "WRONG", align: "right" },
    ],
    rows,
  }),
);
const [, , lowOurs, , , highOurs] = rows.map((row) => row.map((text) => Number(text.replace("x", ""))));
const results: readonly (readonly [string, boolean])[] = [
  ["nothing missed and nothing wrong at the scheduler's own limits", lowOurs?.[9] === 0 && lowOurs[10] === 0],
  [`at ${highQps}: at least 75 % of the webhook that does nothing`, (highOurs?.[4] ?? 0) >= 0.75],
  [`at ${highQps}: p99 of the handler under 300 ms`, (highOurs?.[6] ?? Number.NaN) < 300],
  ["no Pod runs another node's build", [lowOurs, highOurs].every((row) => row?.[10] === 0)],
];
console.log();
for (const [target, met] of results) console.log(`${met ? "met   " : "MISSED"}  ${target}`);
if (results.at(-1)?.[1] !== true) process.exitCode = 1;
