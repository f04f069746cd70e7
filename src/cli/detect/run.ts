import { open } from "node:fs/promises";
import { hostname } from "node:os";
import {
  type Draft,
  declarable,
  declarablePlatform,
  draft,
  formatDrafts,
  machineTypeName,
  reportedNamespaces,
  undeclaredPlatform,
} from "../../drafting/machine-type.ts";
import { type Capture, captureOf } from "../../hardware/detect/capture.ts";
import { maxCpuinfoLength } from "../../hardware/detect/cpuinfo.ts";
import { type HostOffer, hostOffer } from "../../hardware/detect/host.ts";
import { formatFeature } from "../../hardware/feature.ts";
import { featureLabels, labelValues } from "../../hardware/nodes/feature-labels.ts";
import { metahubFeature } from "../../hardware/nodes/labels.ts";
import { formatPlatform } from "../../hardware/platform.ts";
import { type DetectedHost, detectHost } from "../../host/probe.ts";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { CommandError, UsageError } from "../../process/failure.ts";
import { fileReason } from "../../process/file-reason.ts";
import { readAll } from "../../process/stdin.ts";
import { Given } from "../input/given.ts";
import { safeText } from "../terminal/text.ts";
import { type DetectOutput, detectOutputs } from "./output.ts";

/**
 * `metahub detect`.
 * @throws UsageError, CommandError, and with --nodes the errors of reading a cluster or manifests
 */
export async function detect(options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  return given.flag("nodes") ? await detectNodes(given, context) : await detectThis(given, context);
}

async function detectThis(given: Given, context: CommandContext): Promise<ExitCode> {
  refuseFlagsOfNodes(given);
  const output = given.text("output") === undefined ? "features" : given.choice("output", detectOutputs);
  const name = machineTypeNameOf(given, output);
  const capture = given.text("cpuinfo");
  const report: Capture & Partial<DetectedHost> =
    capture === undefined
      ? await detectHost(context.signal, { env: context.env })
      : await readCapture(capture, context);
  const offer = hostOffer(report);
  if (offer.platform.architecture === "unknown") {
    const what = capture === undefined ? "/proc/cpuinfo" : capture === "-" ? "standard input" : capture;
    const why = report.refused ?? offer.refused ?? "this is no /proc/cpuinfo that names a processor";
    throw new CommandError("FILE_UNREADABLE", `${what}: ${why}`);
  }
  const unsaid = output === "labels" ? hostLabels(offer).notes : [];
  for (const note of [...(report.problems ?? []), ...offer.notes, ...unsaid])
    context.stderr.write(`metahub: ${safeText(note)}\n`);
  context.stdout.write(format(offer, output, { name, capture }));
  return 0;
}

function refuseFlagsOfNodes(given: Given): void {
  if (given.texts("filename").length > 0) throw new UsageError("-f is for --nodes: it reads the nodes of a cluster");
  for (const flag of ["kubeconfig", "context"]) {
    if (given.text(flag) !== undefined) throw new UsageError(`--${flag} is for --nodes`);
  }
}

/** The name that was given for the MachineType. @throws UsageError where none is written, or it is no name */
function machineTypeNameOf(given: Given, output: DetectOutput): string | undefined {
  const name = given.text("name");
  if (name === undefined) return undefined;
  if (output !== "machinetype") throw new UsageError("--name is for -o machinetype");
  if (machineTypeName(name) === name) return name;
  throw new UsageError(`--name ${safeText(name)}: lower-case letters, digits, "-" and "." (63 at most) were expected`);
}

function format(
  offer: HostOffer,
  output: DetectOutput,
  about: { readonly name: string | undefined; readonly capture: string | undefined },
): string {
  switch (output) {
    case "features":
      return offer.features.map((feature) => `${formatFeature(feature)}\n`).join("");
    case "labels":
      return Object.entries(hostLabels(offer).labels)
        .map(([key, value]) => `${key}=${value}\n`)
        .join("");
    case "json": {
      const features = offer.features.map(formatFeature);
      return `${JSON.stringify({ platform: formatPlatform(offer.platform), features, notes: offer.notes }, null, 2)}\n`;
    }
    case "machinetype":
      return formatDrafts([hostDraft(offer, about)]);
  }
}

/** Without what every node reports by itself: a label would be believed first, and be wrong after the next update. */
function hostLabels({ features }: HostOffer): {
  readonly labels: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
} {
  const lasting = features.filter(({ namespace }) => !reportedNamespaces.has(namespace));
  const labels = featureLabels(lasting);
  const said = new Set(
    Object.entries(labels).flatMap(([key, value]) => {
      const namespace = key.slice(metahubFeature.length);
      return labelValues(namespace, value).map((each) => `${namespace}:${each}`);
    }),
  );
  const missing = lasting.map(formatFeature).filter((text) => !said.has(text));
  const notes =
    missing.length === 0 ? [] : [`A label has no place for ${missing.join(", ")}: a MachineType has (-o machinetype).`];
  return { labels, notes };
}

function hostDraft(
  { platform, features }: HostOffer,
  { name, capture }: { readonly name: string | undefined; readonly capture: string | undefined },
): Draft {
  const { declared, notes } = declarable(features);
  const known = declarablePlatform(platform);
  const cpu = features.find(({ namespace }) => namespace === "cpu")?.value ?? platform.architecture;
  // The kubelet writes the host's name in lower case (kubernetes.io/hostname, pkg/util/node GetHostname).
  const host = hostname().toLowerCase();
  const here = capture === undefined;
  const spec = {
    nodeSelector: { matchLabels: { "kubernetes.io/hostname": here ? machineTypeName(host) : "CHANGE-ME" } },
    ...(known === undefined ? {} : { platform: known }),
    features: declared,
  };
  const selectorComments = here
    ? [
        "This host alone. To mean all machines of its kind, select a label of theirs, for example",
        "node.kubernetes.io/instance-type.",
      ]
    : ["Which nodes have this CPU? Select a label of theirs, for example node.kubernetes.io/instance-type."];
  const found = here ? `What metahub detect found on ${host}.` : "What metahub detect found in a /proc/cpuinfo.";
  return draft(
    name ?? machineTypeName(here ? host : cpu),
    spec,
    [found, ...undeclaredPlatform(platform), ...notes],
    selectorComments,
  );
}

/** The CPU of another machine: nothing of this one may stand beside it. */
async function readCapture(path: string, context: CommandContext): Promise<Capture> {
  const text =
    path === "-"
      ? await readAll(context.stdin, { maxBytes: maxCpuinfoLength, signal: context.signal })
      : await readFile(path);
  if (text === undefined) {
    throw new CommandError("FILE_UNREADABLE", `--cpuinfo ${path}: larger than ${maxCpuinfoLength} bytes`);
  }
  return captureOf(text);
}

async function readFile(path: string): Promise<string | undefined> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      return size > maxCpuinfoLength ? undefined : await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new CommandError("FILE_UNREADABLE", `--cpuinfo ${path}: ${fileReason(cause)}`, { cause });
  }
}

async function detectNodes(given: Given, context: CommandContext): Promise<ExitCode> {
  const output = given.text("output") === undefined ? "machinetype" : given.choice("output", detectOutputs);
  if (output !== "machinetype" && output !== "json") {
    throw new UsageError(`--nodes writes MachineTypes: -o machinetype or json, not ${output}`);
  }
  for (const flag of ["cpuinfo", "name"]) {
    if (given.text(flag) !== undefined) throw new UsageError(`--${flag} says something of one host, --nodes of all`);
  }
  const { draftsOfNodes } = await import("./inventory.ts");
  const drafts = await draftsOfNodes(
    { paths: given.texts("filename"), kubeconfig: given.text("kubeconfig"), context: given.text("context") },
    context,
  );
  if (output === "machinetype") {
    context.stdout.write(formatDrafts(drafts));
  } else {
    // JSON has no place for what stands above each in YAML.
    for (const { machineType, comments } of drafts) {
      for (const comment of comments)
        context.stderr.write(`${safeText(`metahub: ${machineType.metadata.name}: ${comment}`)}\n`);
    }
    const list = { apiVersion: "v1", kind: "List", items: drafts.map(({ machineType }) => machineType) };
    context.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
  }
  return 0;
}
