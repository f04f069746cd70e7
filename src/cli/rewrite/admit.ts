import type { Snapshot } from "../../inventory/snapshot.ts";
import { OciError } from "../../oci/error.ts";
import { formatReference, parseReference, type Reference } from "../../oci/reference.ts";
import { RegistryError } from "../../registry/error.ts";
import { parseSelection, selectionAnnotation } from "../../rewriting/annotation.ts";
import type { DecisionContext } from "../../rewriting/decide.ts";
import { decide } from "../../rewriting/decide.ts";
import type { ImageDecision } from "../../rewriting/decision.ts";
import { imagePlaces } from "../../rewriting/images.ts";
import { patchPod } from "../../rewriting/patch.ts";
import { Selections } from "../../rewriting/selections.ts";
import type { CommandContext } from "../context.ts";
import { describeFailure } from "../failure.ts";
import type { ImageOptions } from "../images/options.ts";
import type { Write } from "./edit.ts";
import type { Path, Workload } from "./workloads.ts";

/** What admission does with one Pod or template. */
export interface Admitted {
  readonly writes: readonly Write[];
  readonly removals: readonly Path[];
  readonly decisions: readonly ImageDecision[];
  /** What a registry's failure was, by image: an admission would not tell. */
  readonly failures: ReadonlyMap<string, string>;
}

export interface AdmitOptions {
  readonly images: ImageOptions;
  readonly imageForm: DecisionContext["imageForm"];
  readonly now: Date;
}

/** Runs the admission code over workloads: the very functions that the webhook runs. */
export async function admitAll(
  workloads: readonly Workload[],
  snapshot: Snapshot,
  options: AdmitOptions,
  context: CommandContext,
): Promise<readonly Admitted[]> {
  const { RemoteImages } = await import("../images/remote.ts");
  const remote = await RemoteImages.create(referencesOf(workloads), options.images, context);
  const selections = new Selections();
  try {
    return await Promise.all(
      workloads.map(async (workload) => {
        const failures = new Map<string, string>();
        const decisions = await decide(
          workload.pod,
          workload.namespace,
          {
            place: (pod) => snapshot.placement.place(pod).profiles,
            lookup: async (reference) => {
              try {
                return await remote.lookup(reference, context.signal);
              } catch (error) {
                if (error instanceof RegistryError) failures.set(formatReference(reference), describeFailure(error));
                throw error;
              }
            },
            judge: (image, landings, how) => selections.judge(image, landings, how),
            mayAsk: () => true,
            imageForm: options.imageForm,
          },
          context.signal,
        );
        context.signal.throwIfAborted();
        return { ...carryOut(workload, decisions, options.now), decisions, failures };
      }),
    );
  } finally {
    await remote.close();
  }
}

/** A template changes only with its images: an annotation alone would roll out the same Pods again. */
function carryOut(
  { pod, path, template }: Workload,
  decisions: readonly ImageDecision[],
  now: Date,
): Pick<Admitted, "writes" | "removals"> {
  if (template && decisions.every(({ image, place }) => image === undefined || image === place.image)) {
    return { writes: [], removals: [] };
  }
  const writes: Write[] = [];
  const removals: Path[] = [];
  for (const operation of patchPod(pod, decisions, now)) {
    const at = [...path, ...pointerPath(operation.path)];
    if (operation.op === "remove") removals.push(at);
    else if (operation.op === "add" || operation.op === "replace") writes.push(...leaves(at, operation.value));
  }
  return { writes: writes.map(template ? withoutTime : inOneLine), removals };
}

/** With the time of each run in it, a template would be another one every time, and its Pods replaced. */
function withoutTime(write: Write): Write {
  if (write.path.at(-1) !== selectionAnnotation) return write;
  const notes = [...parseSelection(write.value)].map(([name, { at: _, ...note }]) => [name, note]);
  return { ...write, value: JSON.stringify(Object.fromEntries(notes)) };
}

/** The webhook breaks the annotation into lines for `kubectl describe`; in a manifest one line is easier to read past. */
function inOneLine(write: Write): Write {
  if (write.path.at(-1) !== selectionAnnotation) return write;
  return { ...write, value: JSON.stringify(Object.fromEntries(parseSelection(write.value))) };
}

/** The patch adds the map of annotations with its one member where there is none. */
function leaves(path: Path, value: unknown): readonly Write[] {
  if (typeof value === "string") return [{ path, value }];
  return Object.entries(Object(value)).flatMap(([key, member]) => leaves([...path, key], member));
}

/** RFC 6901. */
function pointerPath(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function referencesOf(workloads: readonly Workload[]): readonly Reference[] {
  const references = new Map<string, Reference>();
  for (const { pod } of workloads) {
    for (const { image } of imagePlaces(pod)) {
      try {
        references.set(image, parseReference(image));
      } catch (error) {
        // The decision on it says so.
        if (!(error instanceof OciError)) throw error;
      }
    }
  }
  return [...references.values()];
}
