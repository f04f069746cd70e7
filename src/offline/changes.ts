import type { Operation } from "fast-json-patch";
import { further, type Write } from "../manifests/edit.ts";
import type { Path } from "../manifests/value-text.ts";
import { isList, type Value } from "../manifests/value-text.ts";
import { patchImages } from "../rewriting/patch.ts";
import type { Admitted } from "./admit.ts";

/** Values to write into a document, and places to remove from it. */
export interface Changes {
  readonly writes: readonly Write[];
  readonly removals: readonly Path[];
}

/**
 * Translates admission's patch of a Pod or template into changes of its document. A build is written by its digest, which
 * pins it, and without a note: none could prove itself in a cluster whose keys are not here.
 */
export function changesOf(admitted: Admitted): Changes {
  const { workload, review, refused } = admitted;
  const { path, template } = workload;
  if (refused || (template && !changesTemplate(admitted))) return { writes: [], removals: [] };
  const writes: Write[] = [];
  const removals: Path[] = [];
  const operations: readonly Operation[] = [...steeringOf(admitted), ...patchImages(review.decisions)];
  for (const operation of operations) {
    const at = [...path, ...pointerPath(operation.path)];
    if (operation.op === "remove") removals.push(at);
    else if (operation.op === "add" || operation.op === "replace") writes.push(...leaves(at, toValue(operation.value)));
  }
  return { writes, removals };
}

/** A template changes only with its images: anything else alone would roll out the same Pods again. */
function changesTemplate(admitted: Admitted): boolean {
  const { decisions } = admitted.review;
  return (
    steeringOf(admitted).length > 0 ||
    decisions.some(({ image, place }) => image !== undefined && image !== place.image)
  );
}

/**
 * Admission's changes of a Pod's affinity, as far as they are written. A build in a template, also one that was written
 * there earlier, is held to the nodes that run it. Without one an affinity would only hold the Pods to the profiles that
 * nodes have today, where admission steers each of them when it is created.
 */
export function steeringOf({ workload, review: { decisions, steering } }: Admitted): readonly Operation[] {
  const holdsBuild = decisions.some(({ variant }) => variant !== undefined);
  return !workload.template || holdsBuild ? steering : [];
}

/** A patch adds maps with their one member where there are none; of lists it adds all, or one item. */
function leaves(path: Path, value: Value): readonly Write[] {
  if (typeof value === "string" || isList(value) || path.at(-1) === further) return [{ path, value }];
  return Object.entries(value).flatMap(([key, member]) => leaves([...path, key], member));
}

function toValue(value: unknown): Value {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(toValue);
  if (typeof value !== "object" || value === null)
    throw new TypeError("a patch of admission holds text, lists and maps");
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toValue(member)]));
}

/** RFC 6901. */
function pointerPath(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
