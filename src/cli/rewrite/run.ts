import { mirrorAnnotation, rewriteLabel } from "../../api/pod-keys.ts";
import { isMeant, readOptions } from "../../api/pod-options.ts";
import { isMachine } from "../../inventory/manifests.ts";
import { isRecord } from "../../json/object.ts";
import { ListBook } from "../../lists/book.ts";
import { ListedImages } from "../../lists/listed-images.ts";
import { isList, listsIn } from "../../lists/manifests.ts";
import { powersOf } from "../../lists/power.ts";
import type { Edit } from "../../manifests/edit.ts";
import { editDocument } from "../../manifests/edit-document.ts";
import { type Manifest, type ManifestDocument, readManifests } from "../../manifests/parse.ts";
import { readSources, type Source } from "../../manifests/sources.ts";
import { type Admissions, admitAll } from "../../offline/admit.ts";
import { changesOf } from "../../offline/changes.ts";
import { type ClusterSource, machinesOf } from "../../offline/machines.ts";
import { exitCode, linesOn } from "../../offline/report.ts";
import { type Workload, workloadOf } from "../../offline/workloads.ts";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { Given } from "../input/given.ts";
import { imageOptions } from "../input/image-options.ts";
import { listOptions } from "../input/list-options.ts";
import { terminalOf } from "../terminal/terminal.ts";
import { safeText } from "../terminal/text.ts";
import { booleans, imageForms, rewriteOutputs } from "./options.ts";
import { formatDiff, formatJson, formatYaml, type RewrittenFile } from "./output.ts";

interface LoadedFile extends Source {
  readonly documents: readonly LoadedDocument[];
}

interface LoadedDocument extends ManifestDocument {
  /** Only Nodes, MachineTypes and manifest lists are in it. */
  readonly cluster: boolean;
  readonly workloads: readonly Workload[];
}

/** `metahub rewrite`. @throws UsageError, ManifestError, InventoryError, KubernetesError, CredentialsError */
export async function rewrite(options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const sources = await readSources(given.texts("filename"), context);
  const files = sources.map(load);
  const documents = files.flatMap((file) => file.documents);
  const manifests = documents.flatMap((document) => document.manifests);
  const skipped = leftAlone(manifests);
  const workloads = documents.flatMap((document) => document.workloads).filter((workload) => !skipped(workload));
  const admissions = workloads.length === 0 ? nothing : await admit(workloads, manifests, given, context);
  const rewritten = files.map((file) => carryOut(file, admissions, context));
  for (const one of admissions.admitted) {
    for (const line of linesOn(one, admissions.failures)) {
      context.stderr.write(`metahub: ${safeText(line)}\n`);
    }
  }
  const { color } = terminalOf(context);
  const form = { yaml: formatYaml, json: formatJson, diff: (some: typeof rewritten) => formatDiff(some, color) };
  context.stdout.write(form[given.choice("output", rewriteOutputs)](rewritten));
  return exitCode(admissions);
}

const nothing: Admissions = { admitted: [], failures: new Map() };

async function admit(
  workloads: readonly Workload[],
  manifests: readonly Manifest[],
  given: Given,
  context: CommandContext,
): Promise<Admissions> {
  const namespaces = new Set(workloads.map(({ namespace }) => namespace));
  const machines = await machinesOf(manifests, clusterOf(given, namespaces, context));
  const book = new ListBook([...listsIn(manifests), ...machines.lists]);
  const options = {
    lists: new ListedImages({ book: () => book, powers: powersOf(listOptions(given)) }),
    images: imageOptions(given),
    imageForm: given.choice("imageForm", imageForms),
    atBinding: given.choice("atBinding", booleans) === "true",
  };
  return await admitAll(workloads, machines, options, context);
}

function clusterOf(given: Given, namespaces: Iterable<string>, context: CommandContext): ClusterSource {
  const named = { kubeconfig: given.text("kubeconfig"), context: given.text("context") };
  return {
    named: (named.kubeconfig ?? named.context) !== undefined,
    async read() {
      const { readCluster, readClusterLists } = await import("../input/read-cluster.ts");
      const snapshot = await readCluster(named, context);
      return { snapshot, lists: await readClusterLists(named, [...namespaces], context) };
    },
  };
}

function load(source: Source): LoadedFile {
  const documents = readManifests(source.text, source.name).map((document): LoadedDocument => {
    const { manifests } = document;
    const workloads = manifests.flatMap(({ object, path, place }) => workloadOf(object, path, place) ?? []);
    return {
      ...document,
      cluster: manifests.length > 0 && manifests.every((one) => isMachine(one) || isList(one)),
      workloads,
    };
  });
  return { ...source, documents };
}

/** As the webhook's configuration has it: opted out, of a namespace that did, mirror Pods, and kube-system. */
function leftAlone(manifests: readonly Manifest[]): (workload: Workload) => boolean {
  const namespaces = new Set(["kube-system"]);
  for (const { apiVersion, kind, object } of manifests) {
    const { metadata } = object;
    if (apiVersion !== "v1" || kind !== "Namespace" || !isRecord(metadata) || !isRecord(metadata["labels"])) continue;
    if (metadata["labels"][rewriteLabel] === "disabled") namespaces.add(String(metadata["name"]));
  }
  return ({ namespace, pod: { metadata } }) =>
    namespaces.has(namespace) ||
    !isMeant(readOptions(metadata)) ||
    metadata.annotations?.[mirrorAnnotation] !== undefined;
}

function carryOut(file: LoadedFile, { admitted }: Admissions, context: CommandContext): RewrittenFile {
  const { path, text } = file;
  const byWorkload = new Map(admitted.map((one) => [one.workload, one]));
  const documents = file.documents.map((document) => {
    const changes = document.workloads.flatMap((workload) => byWorkload.get(workload) ?? []).map(changesOf);
    const writes = changes.flatMap((change) => change.writes);
    const removals = changes.flatMap((change) => change.removals);
    const { start, end, cluster, value, place } = document;
    const none: readonly Edit[] = [];
    if (writes.length + removals.length === 0) return { start, end, cluster, value, edits: none };
    const edited = editDocument(text, document, writes, removals);
    if (edited.how === "bare") {
      context.stderr.write(
        `metahub: ${safeText(place)}: written without its comments, since it repeats parts of itself with aliases\n`,
      );
    }
    return { start, end, cluster, value: edited.value, edits: edited.edits };
  });
  return { path, text, documents };
}
