// What a warm review costs, beside two webhooks that do nothing, with the same AdmissionReview in the same run
// (target: p50 within 1.5 times the no-op express server's).
// Run: npm run bench -- webhook
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { renderTable } from "../../src/cli/terminal/table.ts";
import { publishBuilds } from "../demo/builds.ts";
import { build } from "../demo/bundle.ts";
import { startWebhook } from "../demo/embedded.ts";
import { startRegistry } from "../support/registry/start.ts";
import { type LoadResult, load, median } from "./load.ts";

/** A Pod as the API server sends it: with what it has filled in, some 5 kB. */
const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    generateName: "bench-7d4b9c6f5d-",
    namespace: "default",
    labels: { app: "bench", "pod-template-hash": "7d4b9c6f5d" },
    ownerReferences: [
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        name: "bench-7d4b9c6f5d",
        uid: crypto.randomUUID(),
        controller: true,
      },
    ],
    managedFields: [
      {
        manager: "kube-controller-manager",
        operation: "Update",
        apiVersion: "v1",
        time: "2026-11-23T12:00:00Z",
        fieldsType: "FieldsV1",
        fieldsV1: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`f:field${index}`, { "f:inner": {} }])),
      },
    ],
  },
  spec: {
    nodeSelector: { "metahub.dev/machine-type": "type2" },
    containers: [
      {
        name: "bench",
        image: "qnib/bench",
        resources: { requests: { cpu: "1", memory: "1Gi" } },
        env: Array.from({ length: 20 }, (_, index) => ({ name: `VARIABLE_${index}`, value: "a value of some length" })),
        volumeMounts: [{ name: "token", readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }],
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
        imagePullPolicy: "Always",
      },
    ],
    volumes: [
      { name: "token", projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: "token" } }] } },
    ],
    tolerations: [
      { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
      { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
    ],
    serviceAccountName: "default",
    schedulerName: "default-scheduler",
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    enableServiceLinks: true,
    priority: 0,
    preemptionPolicy: "PreemptLowerPriority",
  },
  status: {},
};
const review = Buffer.from(
  JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: crypto.randomUUID(),
      kind: { group: "", version: "v1", kind: "Pod" },
      resource: { group: "", version: "v1", resource: "pods" },
      namespace: "default",
      operation: "CREATE",
      userInfo: { username: "system:serviceaccount:kube-system:replicaset-controller" },
      object: pod,
      oldObject: null,
      dryRun: false,
    },
  }),
);

const rounds = 5;

interface BenchServer {
  readonly name: string;
  readonly url: string;
  /** Whether it must answer with a patch. */
  readonly patch: boolean;
}

const express = "no-op express";

/** Our webhook warm, beside two that do nothing, with the same review: p50, p99, requests per second, and ratios. */
async function benchWebhook(signal: AbortSignal): Promise<string> {
  await build();
  const folder = await mkdtemp(join(tmpdir(), "metahub-bench-"));
  const registry = await startRegistry();
  const children: ChildProcess[] = [];
  const stops: (() => Promise<void>)[] = [];
  try {
    await publishBuilds(registry.host, undefined, signal);
    const webhook = await startWebhook(folder, registry.host, signal);
    stops.push(webhook.stop);
    const noop = (kind: string): Promise<string> => startNoop(kind, folder, children);
    const servers: readonly BenchServer[] = [
      { name: "metahub webhook, warm", url: `${webhook.url}/mutate/pods?timeout=5s`, patch: true },
      { name: express, url: await noop("express"), patch: false },
      { name: "no-op node:https", url: await noop("node"), patch: false },
    ];
    const rows: Row[] = [];
    for (const connections of [1, 16])
      rows.push(...rowsOf(connections, await measure(servers, connections, webhook.ca)));
    return renderTable({
      columns: [
        { header: "CONNECTIONS", align: "right" },
        { header: "SERVER" },
        { header: "P50 MS", align: "right" },
        { header: "P99 MS", align: "right" },
        { header: "REQUESTS/S", align: "right" },
        { header: "P50 / EXPRESS", align: "right" },
      ],
      rows,
    });
  } finally {
    for (const stop of stops) await stop();
    for (const child of children) {
      child.kill("SIGTERM");
      if (child.exitCode === null) await new Promise((resolve) => child.once("close", resolve));
    }
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts a server that lets every review pass. @returns its URL, once it listens */
async function startNoop(kind: string, folder: string, children: ChildProcess[]): Promise<string> {
  const files = [join(folder, "tls/tls.key"), join(folder, "tls/tls.crt")];
  const child = spawn(process.execPath, [join(import.meta.dirname, "noop-server.ts"), kind, ...files], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  for await (const line of createInterface(child.stdout)) return `https://127.0.0.1:${line}/`;
  throw new Error(`the ${kind} server ended before it listened`);
}

type Results = ReadonlyMap<string, readonly LoadResult[]>;

/** The servers by turns, so that what else the machine does meets all alike. */
async function measure(servers: readonly BenchServer[], connections: number, ca: string): Promise<Results> {
  const results = new Map<string, LoadResult[]>(servers.map(({ name }) => [name, []]));
  const requests = connections === 1 ? 1_500 : 4_000;
  for (let round = 0; round <= rounds; round++) {
    for (const { name, url, patch } of servers) {
      const check = (answer: unknown): void => expectAnswer(answer, patch);
      const result = await load({ url, ca, body: review, connections, requests, check });
      if (round > 0) results.get(name)?.push(result); // The first round warms up.
    }
  }
  return results;
}

type Row = (string | number)[];

/** One row for each server: medians of the rounds, and how much slower than express that does nothing. */
function rowsOf(connections: number, results: Results): readonly Row[] {
  const middle = (name: string, of: (result: LoadResult) => number): number =>
    median((results.get(name) ?? []).map(of));
  const base = middle(express, (result) => result.p50);
  return [...results.keys()].map((name) => {
    const p50 = middle(name, (result) => result.p50);
    return [
      connections,
      name,
      p50.toFixed(3),
      middle(name, (result) => result.p99).toFixed(3),
      Math.round(middle(name, (result) => result.perSecond)),
      `${(p50 / base).toFixed(2)}x`,
    ];
  });
}

/** The webhook must have rewritten the image; one that only lets Pods pass would be quick for nothing. */
function expectAnswer(answer: unknown, patch: boolean): void {
  const text = JSON.stringify(answer);
  if (text.includes('"patch"') !== patch || !text.includes('"allowed":true'))
    throw new Error(`unexpected answer: ${text.slice(0, 300)}`);
}

const ended = new AbortController();
process.on("SIGINT", () => ended.abort(new Error("interrupted")));
console.log(await benchWebhook(ended.signal));
