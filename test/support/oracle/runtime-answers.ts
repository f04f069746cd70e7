import { implies } from "../../../src/hardware/implies.ts";
import { normalizePlatform, type Platform } from "../../../src/hardware/platform.ts";
import { OciError } from "../../../src/oci/error.ts";
import { flattenIndex, listOf } from "../../../src/oci/flatten.ts";
import type { Variant } from "../../../src/oci/variant.ts";
import { type ContentReader, readConfigurations } from "../../../src/registry/configurations.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import { type Prepared, prepare } from "../../../src/selection/prepare.ts";
import { takenByAll } from "../../../src/selection/runtimes/all.ts";
import { takenByContainerd2, takenByContainerd17 } from "../../../src/selection/runtimes/containerd.ts";
import { takenByCriO } from "../../../src/selection/runtimes/cri-o.ts";
import { takenByDocker28, takenByDocker29 } from "../../../src/selection/runtimes/docker.ts";
import type { Takes } from "../../../src/selection/runtimes/taken.ts";
import { select } from "../../../src/selection/select.ts";
import type { Selection } from "../../../src/selection/selection.ts";
import type { RuntimeCase, WrittenPlatform } from "./runtime-cases.ts";
import { documentsOf, type MadeIndex } from "./runtime-documents.ts";

/** The runtimes that are asked, each with our own simulation of it. */
const runtimes = {
  containerd2: takenByContainerd2,
  containerd1: takenByContainerd17,
  docker28: takenByDocker28,
  docker29: takenByDocker29,
  criO: takenByCriO,
} as const satisfies Record<string, Takes>;

type RuntimeName = keyof typeof runtimes;
const names: readonly RuntimeName[] = ["containerd2", "containerd1", "docker28", "docker29", "criO"];

/** Digests that the runtimes take; empty where they take none. */
export type RuntimeAnswer = Readonly<Record<RuntimeName, string>>;

export function answerOf(digest: (runtime: RuntimeName, at: number) => string): RuntimeAnswer {
  const [containerd2 = "", containerd1 = "", docker28 = "", docker29 = "", criO = ""] = names.map(digest);
  return { containerd2, containerd1, docker28, docker29, criO };
}

/** The place of each digest, in the order of `runtimes`. */
export function placesOf(index: MadeIndex, answer: RuntimeAnswer | undefined): readonly string[] {
  return names.map((runtime) => index.places.get(answer?.[runtime] ?? "") ?? "");
}

/** A case with what we read and choose of it. */
export interface ReadCase {
  readonly made: RuntimeCase;
  readonly index: MadeIndex;
  readonly prepared: Prepared;
  readonly host: Platform;
  readonly selection: Selection;
}

/** Reads the index as the registry room does, configurations included, and chooses. */
export async function readCase(made: RuntimeCase): Promise<ReadCase> {
  const index = documentsOf(made.entries);
  const content = (digest: string): Uint8Array => {
    const text = index.blobs.get(digest);
    if (text === undefined) throw new RegistryError("NOT_FOUND", `${digest} is not there`);
    return new TextEncoder().encode(text);
  };
  const documents = new Map([...index.blobs.keys()].map((digest) => [digest, content(digest)]));
  const read = async ({ digest }: { readonly digest: string }) => content(digest);
  const reader: ContentReader = { manifest: read, blob: read, inTurn: (_bytes, _signal, work) => work() };
  const first = flattenIndex(index.root, documents);
  if (!first.complete) throw new OciError("MISSING_FIELD", "an index is not among the documents");
  const { configured } = await readConfigurations(first.unidentified, reader, new AbortController().signal);
  const flat = flattenIndex(index.root, documents, { configured });
  if (!flat.complete) throw new OciError("MISSING_FIELD", "an index is not among the documents");
  const prepared = prepare(listOf(flat));
  const host = platformOf(made.host);
  return { made, index, prepared, host, selection: select(prepared, { platform: host, features: [] }) };
}

function platformOf({ os = "", architecture = "", variant, "os.version": osVersion }: WrittenPlatform): Platform {
  return normalizePlatform({
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
  });
}

/** The code that the case got, and what is wrong with it; nothing where we agree. */
export function disagreementOf(
  one: ReadCase,
  answer: RuntimeAnswer | undefined,
): { readonly code: string; readonly wrong?: string } {
  const { code } = one.selection;
  if (answer === undefined) return { code, wrong: "there is no answer" };
  const wrong = takenWrongly(one, answer) ?? chosenWrongly(one, answer);
  return wrong === undefined ? { code } : { code, wrong: `${code}: ${wrong}` };
}

/** The simulations against the originals. */
function takenWrongly({ made, prepared, host, index }: ReadCase, answer: RuntimeAnswer): string | undefined {
  const { variants, written } = prepared;
  for (const runtime of names) {
    if (isUnasked(runtime, made)) continue;
    const ours = runtimes[runtime](written, host);
    const theirs = answer[runtime];
    const expected = variants.find(({ variant }) => variant.position === ours)?.variant.digest;
    // What cannot be read is an error to one runtime and no obstacle to the other.
    const agrees =
      expected === undefined ? !variants.some(({ variant }) => variant.digest === theirs) : expected === theirs;
    if (!agrees) return `${runtime} takes ${index.places.get(theirs)}, we say ${ours}`;
  }
  return undefined;
}

/** The rule of Docker for Windows is compiled nowhere else: there our own stands for it, which a table holds. */
function isUnasked(runtime: RuntimeName, { host }: RuntimeCase): boolean {
  return runtime.startsWith("docker") && host.os === "windows";
}

/** What is done with the image against what would run. */
function chosenWrongly(one: ReadCase, answer: RuntimeAnswer): string | undefined {
  const { prepared, selection, index } = one;
  const { action, code, selected } = selection;
  const runs = (digest: string): string => index.places.get(digest) ?? "nothing";
  const each = names.map((name) => `${name} takes ${runs(answer[name])}`).join(", ");
  const taken = variantOf(prepared, answer.containerd2);
  if (code === "nothing-fits" || code === "uncertain") return runsOne(one, answer) ? `${each}, we nothing` : undefined;
  if (selected === null) return isUnnamed(one, taken) ? undefined : `nothing is named, ${each}`;
  const right = runRight(one, answer, selected);
  if (action === "leave") {
    return right && taken === selected ? undefined : `${each}, left with ${runs(selected.digest)}`;
  }
  const isPlain = prepared.variants.every(({ variant }) => variant.runtimeMatched);
  return isPlain && right && othersRunRight(one, selected) ? `${each}, and is rewritten without need` : undefined;
}

/** Only where something could not be read may containerd run what is no variant to us. */
function runsOne({ prepared, host, selection }: ReadCase, answer: RuntimeAnswer): boolean {
  if (selection.code === "nothing-fits" && answer.containerd2 !== "") return true;
  return names.some((name) => fits(variantOf(prepared, answer[name]), host));
}

/** Whether each runtime runs what was selected, or its like. CRI-O may find nothing by itself. */
function runRight({ made, prepared, host }: ReadCase, answer: RuntimeAnswer, selected: Variant): boolean {
  const isRight = (digest: string): boolean => isAsGood(variantOf(prepared, digest), selected, host);
  return names.every(
    (name) => isUnasked(name, made) || (name === "criO" && answer.criO === "") || isRight(answer[name]),
  );
}

/** What nobody was asked: containerd 1.6, Docker on Windows, and Docker where it detects a level of amd64. */
function othersRunRight({ prepared, host }: ReadCase, selected: Variant): boolean {
  const taken = takenByAll(prepared.written, [host]).others;
  return taken.every((position) => {
    const found = prepared.variants.find(({ variant }) => variant.position === position);
    return isAsGood(found?.variant, selected, host);
  });
}

/** A format whose snapshotter no machine declares is left, and named by nobody. */
function isUnnamed({ prepared }: ReadCase, taken: Variant | undefined): boolean {
  return taken === undefined && prepared.variants.some(({ variant }) => variant.format === "nydus");
}

/** Whether a machine has the snapshotter of a format is for its runtime to know. */
function isAsGood(variant: Variant | undefined, selected: Variant, host: Platform): boolean {
  return variant !== undefined && sameNeeds(variant, selected) && (fits(variant, host) || variant.format === "nydus");
}

function variantOf({ variants }: Prepared, digest: string): Variant | undefined {
  return variants.find(({ variant }) => variant.digest === digest)?.variant;
}

/** An index around an image may say in other words what the image says. */
function sameNeeds(a: Variant, b: Variant): boolean {
  const covers = (one: Variant, other: Variant): boolean =>
    other.requires.flat().every((wanted) => one.requires.flat().some((has) => implies(has, wanted)));
  return a.platform.architecture === b.platform.architecture && covers(a, b) && covers(b, a);
}

function fits(variant: Variant | undefined, host: Platform): boolean {
  if (variant === undefined) return false;
  return select([variant], { platform: host, features: [] }).selected !== null;
}
