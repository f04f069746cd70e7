import { API_VERSION } from "../../api/machinetype.ts";
import { inventoryOf } from "../../inventory/files.ts";
import { plainContext } from "../../inventory/inventory.ts";
import { type Manifest, parseManifests } from "../../inventory/manifests.ts";
import { parseDeviceClassResource, parseRuntimeClass } from "../../inventory/placement-resources.ts";
import { type Snapshot, SnapshotBuilder } from "../../inventory/snapshot.ts";
import type { PlacementContext } from "../../placement/candidate.ts";
import type { ImageDecision } from "../../rewriting/decision.ts";
import type { CommandContext, ExitCode } from "../context.ts";
import { UsageError } from "../failure.ts";
import { Given } from "../images/given.ts";
import { imageOptions } from "../images/options.ts";
import { safeText } from "../terminal-text.ts";
import { type Admitted, admitAll } from "./admit.ts";
import { editDocument, readDocuments, type TextDocument } from "./documents.ts";
import type { Edit } from "./edit.ts";
import { imageForms, rewriteOutputs } from "./options.ts";
import { formatDiff, formatJson, formatYaml, type RewrittenFile } from "./output.ts";
import { readSources } from "./sources.ts";
import { type Path, type Workload, workloadOf } from "./workloads.ts";

interface LoadedFile {
  readonly path: string;
  readonly text: string;
  readonly documents: readonly LoadedDocument[];
}

interface LoadedDocument extends TextDocument {
  /** Only Nodes and MachineTypes are in it. */
  readonly cluster: boolean;
  readonly workloads: readonly Workload[];
}

/** `metahub rewrite`. @throws UsageError, InventoryError, KubernetesError, CredentialsError */
export async function rewrite(options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const sources = await readSources(given.texts("filename"), context);
  const read = sources.map(({ path, text }) => ({ path, text, manifests: parseManifests(text, shown(path)) }));
  const manifests = read.flatMap((file) => file.manifests);
  const files = read.map(load);
  const skipped = leftAlone(manifests);
  const all = files.flatMap(({ documents }) => documents.flatMap(({ workloads }) => workloads));
  const workloads = all.filter((workload) => !skipped(workload));
  const admitted = new Map<Workload, Admitted>();
  if (workloads.length > 0) {
    const snapshot = await snapshotOf(manifests, given, context);
    const images = imageOptions(given);
    const imageForm = given.choice("imageForm", imageForms);
    const results = await admitAll(workloads, snapshot, { images, imageForm, now: new Date() }, context);
    for (const [index, result] of results.entries()) {
      const workload = workloads[index];
      if (workload !== undefined) admitted.set(workload, result);
    }
  }
  const rewritten = files.map((file) => carryOut(file, admitted, context));
  for (const [{ shown: who }, { decisions, failures }] of admitted) {
    for (const decision of decisions) tell(who, decision, failures, context);
  }
  const output = given.choice("output", rewriteOutputs);
  const color = context.stdout.isTTY === true && !context.env["NO_COLOR"] && context.env["TERM"] !== "dumb";
  const form = { yaml: formatYaml, json: formatJson, diff: (some: typeof rewritten) => formatDiff(some, color) };
  context.stdout.write(form[output](rewritten));
  return exitCode([...admitted.values()].flatMap(({ decisions }) => decisions));
}

function load(file: {
  readonly path: string;
  readonly text: string;
  readonly manifests: readonly Manifest[];
}): LoadedFile {
  const { path, text, manifests } = file;
  // A dump of all nodes is large, and its places are not needed: nothing of it is written or printed.
  if (manifests.length > 0 && manifests.every(({ object }) => isCluster(object))) return { path, text, documents: [] };
  const documents = readDocuments(text, shown(path)).map((document, index, all): LoadedDocument => {
    const place = all.length === 1 ? shown(path) : `${shown(path)}, document ${index + 1}`;
    const members = membersOf(document.value);
    const cluster = members.length > 0 && members.every(({ object }) => isCluster(object));
    const workloads = members.flatMap(({ object, path: at }) => workloadOf(object, at, place) ?? []);
    return { ...document, cluster, workloads };
  });
  return { path, text, documents };
}

/** The objects of a document: itself, or the items of a List. */
function membersOf(value: unknown): readonly { object: Readonly<Record<string, unknown>>; path: Path }[] {
  if (!isObject(value)) return [];
  const { kind, items, apiVersion } = value;
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return [{ object: value, path: [] }];
  const typed = kind === "List" ? {} : { kind: kind.slice(0, -"List".length), apiVersion };
  return items.flatMap((item: unknown, index) =>
    isObject(item) ? [{ object: { ...typed, ...item }, path: ["items", index] }] : [],
  );
}

function isCluster({ apiVersion, kind }: Readonly<Record<string, unknown>>): boolean {
  return (apiVersion === "v1" && kind === "Node") || (apiVersion === API_VERSION && kind === "MachineType");
}

/** As the webhook's configuration has it: opted out, of a namespace that did, mirror Pods, and kube-system. */
function leftAlone(manifests: readonly Manifest[]): (workload: Workload) => boolean {
  const namespaces = new Set(["kube-system"]);
  for (const { apiVersion, kind, object } of manifests) {
    const { metadata } = object;
    if (apiVersion !== "v1" || kind !== "Namespace" || !isObject(metadata) || !isObject(metadata["labels"])) continue;
    if (metadata["labels"]["metahub.dev/rewrite"] === "disabled") namespaces.add(String(metadata["name"]));
  }
  return ({ namespace, pod: { metadata } }) =>
    namespaces.has(namespace) ||
    metadata.labels?.["metahub.dev/rewrite"] === "disabled" ||
    metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
}

async function snapshotOf(manifests: readonly Manifest[], given: Given, context: CommandContext): Promise<Snapshot> {
  const { nodes, machineTypes } = inventoryOf(manifests);
  const [kubeconfig, name] = [given.text("kubeconfig"), given.text("context")];
  const there = [...nodes].length + [...machineTypes].length > 0;
  if (there && (kubeconfig ?? name) !== undefined) {
    throw new UsageError("Nodes and MachineTypes of -f are the cluster; leave out --kubeconfig and --context, or them");
  }
  if (there) return new SnapshotBuilder().build(nodes, machineTypes, placementContext(manifests));
  const { readCluster } = await import("../machines/cluster.ts");
  return await readCluster({ kubeconfig, context: name }, context);
}

function placementContext(manifests: readonly Manifest[]): PlacementContext {
  const of = (group: string, kind: string): readonly Manifest[] =>
    manifests.filter((manifest) => manifest.apiVersion.startsWith(`${group}/`) && manifest.kind === kind);
  const runtimes = of("node.k8s.io", "RuntimeClass").map(({ object }) => {
    const { metadata } = object;
    return [isObject(metadata) ? String(metadata["name"]) : "", parseRuntimeClass(object)] as const;
  });
  const devices = of("resource.k8s.io", "DeviceClass").map(({ object }) => parseDeviceClassResource(object));
  return {
    ...plainContext,
    runtimeClasses: new Map(runtimes),
    deviceClassResources: new Set(devices.filter((resource) => resource !== undefined)),
  };
}

function carryOut(file: LoadedFile, admitted: ReadonlyMap<Workload, Admitted>, context: CommandContext): RewrittenFile {
  const { path, text } = file;
  const documents = file.documents.map((document, index) => {
    const results = document.workloads.flatMap((workload) => admitted.get(workload) ?? []);
    const writes = results.flatMap((result) => result.writes);
    const removals = results.flatMap((result) => result.removals);
    const { start, end, cluster, value } = document;
    const none: readonly Edit[] = [];
    if (writes.length + removals.length === 0) return { start, end, cluster, value, edits: none };
    const edited = editDocument(text, document, writes, removals);
    if (edited.how === "bare") {
      const which = `${shown(path)}, document ${index + 1}`;
      context.stderr.write(
        `metahub: ${safeText(which)}: written without its comments, since it repeats parts of itself with aliases\n`,
      );
    }
    return { start, end, cluster, value: edited.value, edits: edited.edits };
  });
  return { path, text, documents };
}

/** Why an image stays as written, unless there was never a choice. */
function tell(
  who: string,
  { place, code, reason, warn, image }: ImageDecision,
  failures: ReadonlyMap<string, string>,
  context: CommandContext,
): void {
  if (
    image !== undefined ||
    !(warn || code === "no-nodes" || code === "nodes-differ" || code === "invalid-reference")
  ) {
    return;
  }
  const failure = failures.get(place.image);
  const why = failure === undefined ? reason : `${reason} (${failure})`;
  const line = `${who}: image ${place.image} of ${place.name} is left as written: ${why}`;
  context.stderr.write(`metahub: ${safeText(line)}\n`);
}

function exitCode(decisions: readonly ImageDecision[]): ExitCode {
  const failed = ["registry-failed", "not-found", "registry-not-asked", "deadline", "not-ready"];
  if (decisions.some(({ code }) => failed.includes(code))) return 1;
  return decisions.some(({ code }) => code === "nothing-fits") ? 3 : 0;
}

function shown(path: string): string {
  return path === "-" ? "standard input" : path;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
