import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import jsonpatch, { type Operation } from "fast-json-patch";
import { Agent, request } from "undici";
import type { Pod } from "../../src/api/pod.ts";
import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { parseSelection } from "../../src/rewriting/notes/read.ts";
import { startRegistry } from "../support/registry/start.ts";
import { type PublishedBuilds, publishBuilds } from "./builds.ts";
import { examplePods, examplesFolder } from "./examples.ts";
import type { DemoPod } from "./report.ts";

const program = join(import.meta.dirname, "../../dist/metahub.mjs");

export interface EmbeddedResult {
  readonly pods: readonly DemoPod[];
  readonly builds: PublishedBuilds;
  readonly warnings: readonly string[];
}

/**
 * The demonstration without a cluster: the very webhook, as a process of its own over HTTPS, with its inventory from
 * files; a registry in this process; and for every Pod the AdmissionReview that an API server would send.
 */
export async function runEmbedded(say: (line: string) => void, signal: AbortSignal): Promise<EmbeddedResult> {
  const folder = await mkdtemp(join(tmpdir(), "metahub-demo-"));
  const registry = await startRegistry();
  let webhook: RunningWebhook | undefined;
  try {
    say(`registry in this process at ${registry.host}, standing in for docker.io`);
    const builds = await publishBuilds(registry.host, undefined, signal);
    say(`pushed ${builds.tags.size} builds of qnib/bench and their index`);
    webhook = await startWebhook(folder, registry.host, signal);
    say(`webhook at ${new URL(webhook.url).origin} with examples/inventory`);
    const pods: DemoPod[] = [];
    const warnings: string[] = [];
    for (const pod of await examplePods()) {
      const { after, warnings: heard } = await review(webhook, pod, signal);
      warnings.push(...heard);
      const [note] = parseSelection(after.metadata.annotations?.[selectionAnnotation]).values();
      pods.push({
        name: pod.metadata.name ?? `${pod.metadata.generateName}*`,
        deployed: pod.metadata.name === undefined,
        node: pod.spec.nodeSelector === undefined ? "any" : "-",
        machineType: note?.machineType ?? "",
        asked: pod.spec.containers?.[0]?.image ?? "",
        after,
      });
    }
    return { pods, builds, warnings };
  } finally {
    await webhook?.stop();
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export interface RunningWebhook {
  readonly url: string;
  readonly ca: string;
  stop(): Promise<void>;
}

/** Starts `metahub webhook --inventory` and waits until it says where it listens. */
export async function startWebhook(folder: string, registry: string, signal: AbortSignal): Promise<RunningWebhook> {
  const child = spawn(
    process.execPath,
    [
      program,
      "webhook",
      ...["--inventory", join(examplesFolder, "inventory")],
      ...["--tls-dir", join(folder, "tls")],
      ...["--address", "127.0.0.1", "--port", "0", "--health-port", "0"],
      ...["--mirror", `docker.io=http://${registry}`],
      ...["--log-level", "warn"],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  try {
    const url = await listening(child, signal);
    const ca = await readFile(join(folder, "tls/ca.crt"), "utf8");
    return { url, ca, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listening(child: ChildProcess, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error("the webhook has no output"));
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`the webhook ended with exit code ${code} before it listened`)));
    createInterface(child.stdout).on("line", (line) => {
      const url = /listens on (https:\/\/\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}

/** Sends the AdmissionReview of the Pod's creation and applies the answer, as an API server does. */
async function review(
  webhook: Pick<RunningWebhook, "url" | "ca">,
  pod: Pod,
  signal: AbortSignal,
): Promise<{ after: Pod; warnings: readonly string[] }> {
  const dispatcher = new Agent({ connect: { ca: webhook.ca } });
  try {
    const { body } = await request(`${webhook.url}/mutate/pods?timeout=5s`, {
      dispatcher,
      signal,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        apiVersion: "admission.k8s.io/v1",
        kind: "AdmissionReview",
        request: {
          uid: crypto.randomUUID(),
          kind: { group: "", version: "v1", kind: "Pod" },
          resource: { group: "", version: "v1", resource: "pods" },
          name: pod.metadata.name ?? "",
          namespace: pod.metadata.namespace ?? "default",
          operation: "CREATE",
          userInfo: { username: "demo" },
          object: pod,
          oldObject: null,
          dryRun: false,
        },
      }),
    });
    const answer = await body.json();
    const { patch, warnings } = readResponse(answer);
    const after = jsonpatch.applyPatch(structuredClone(pod), patch, true).newDocument;
    return { after, warnings };
  } finally {
    await dispatcher.close();
  }
}

function readResponse(answer: unknown): { patch: Operation[]; warnings: string[] } {
  const response = typeof answer === "object" && answer !== null && "response" in answer ? answer.response : undefined;
  if (typeof response !== "object" || response === null) throw new Error("the webhook's answer has no response");
  const patch = "patch" in response && typeof response.patch === "string" ? response.patch : undefined;
  const warnings = "warnings" in response && Array.isArray(response.warnings) ? response.warnings.map(String) : [];
  return { patch: patch === undefined ? [] : JSON.parse(Buffer.from(patch, "base64").toString("utf8")), warnings };
}
