import { metahubApiVersion } from "../../api/machine-type.ts";
import { editDocument, readDocuments, type TextDocument } from "../../manifests/documents.ts";
import type { Edit } from "../../manifests/edit.ts";
import { type Manifest, parseManifests } from "../../manifests/parse.ts";
import { readSources } from "../../manifests/sources.ts";
import type { Path } from "../../manifests/value-text.ts";
import { type Admissions, admitAll } from "../../offline/admit.ts";
import { changesOf } from "../../offline/changes.ts";
import { type ClusterSource, machinesOf } from "../../offline/machines.ts";
import { exitCode, linesOn } from "../../offline/report.ts";
import { type Workload, workloadOf } from "../../offline/workloads.ts";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { Given } from "../input/given.ts";
import { imageOptions } from "../input/image-options.ts";
import { safeText } from "../terminal/text.ts";
import { booleans, imageForms, rewriteOutputs } from "./options.ts";
import { formatDiff, formatJson, formatYaml, type RewrittenFile } from "./output.ts";

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
  const admissions = workloads.length === 0 ? nothing : await admit(workloads, manifests, given, context);
  const rewritten = files.map((file) => carryOut(file, admissions, context));
  for (const one of admissions.admitted) {
    for (const line of linesOn(one, admissions.failures)) {
      context.stderr.write(`metahub: ${safeText(line)}\n`);
    }
  }
  const output = given.choice("output", rewriteOutputs);
  const color = context.stdout.isTTY === true && !context.env["NO_COLOR"] && context.env["TERM"] !== "dumb";
  const form = { yaml: formatYaml, json: formatJson, diff: (some: typeof rewritten) => formatDiff(some, color) };
  context.stdout.write(form[output](rewritten));
  return exitCode(admissions);
}

const nothing: Admissions = { admitted: [], failures: new Map() };

async function admit(
  workloads: readonly Workload[],
  manifests: readonly Manifest[],
  given: Given,
  context: CommandContext,
): Promise<Admissions> {
  const machines = await machinesOf(manifests, clusterOf(given, context));
  const options = {
    images: imageOptions(given),
    imageForm: given.choice("imageForm", imageForms),
    atBinding: given.choice("atBinding", booleans) === "true",
  };
  return await admitAll(workloads, machines, options, context);
}

function clusterOf(given: Given, context: CommandContext): ClusterSource {
  const named = { kubeconfig: given.text("kubeconfig"), context: given.text("context") };
  return {
    named: (named.kubeconfig ?? named.context) !== undefined,
    async read() {
      const { readCluster } = await import("../input/read-cluster.ts");
      return await readCluster(named, context);
    },
  };
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
  return (apiVersion === "v1" && kind === "Node") || (apiVersion === metahubApiVersion && kind === "MachineType");
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

function carryOut(file: LoadedFile, { admitted }: Admissions, context: CommandContext): RewrittenFile {
  const { path, text } = file;
  const now = new Date();
  const byWorkload = new Map(admitted.map((one) => [one.workload, one]));
  const documents = file.documents.map((document, index) => {
    const changes = document.workloads
      .flatMap((workload) => byWorkload.get(workload) ?? [])
      .map((one) => changesOf(one, now));
    const writes = changes.flatMap((change) => change.writes);
    const removals = changes.flatMap((change) => change.removals);
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

function shown(path: string): string {
  return path === "-" ? "standard input" : path;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
