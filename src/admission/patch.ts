import { escapePathComponent, type Operation } from "fast-json-patch";
import type { Pod } from "../api/pod.ts";
import { formatSelection, parseSelection, type SelectionNote, selectionAnnotation } from "./annotation.ts";
import type { DecisionCode, ImageDecision } from "./decision.ts";

/** Decisions that the annotation tells of: where there was a choice. Everything else would only mark every Pod. */
const told: ReadonlySet<DecisionCode> = new Set<DecisionCode>([
  "selected",
  "only-candidate",
  "generic",
  "nodes-differ",
  "nothing-fits",
  "no-nodes",
]);

/**
 * The JSON Patch that carries decisions out: images and the annotation, nothing else. Empty where nothing changes.
 * Applying it to its own result changes nothing, because a rewritten image is no index any more.
 */
export function patchPod(pod: Pod, decisions: readonly ImageDecision[], now: Date): Operation[] {
  const operations: Operation[] = [];
  for (const { place, image } of decisions) {
    if (image !== undefined && image !== place.image)
      operations.push({ op: "replace", path: place.pointer, value: image });
  }
  const { annotations } = pod.metadata;
  const before = annotations?.[selectionAnnotation];
  const after = nextAnnotation(pod, decisions, now);
  if (after === before) return operations;
  const path = `/metadata/annotations/${escapePathComponent(selectionAnnotation)}`;
  if (after === undefined) operations.push({ op: "remove", path });
  else if (annotations === undefined) {
    operations.push({ op: "add", path: "/metadata/annotations", value: { [selectionAnnotation]: after } });
  } else operations.push({ op: "add", path, value: after });
  return operations;
}

/** Undefined where the Pod should carry no annotation. */
function nextAnnotation(pod: Pod, decisions: readonly ImageDecision[], now: Date): string | undefined {
  const present = pod.metadata.annotations?.[selectionAnnotation];
  const earlier = parseSelection(present);
  const notes = new Map<string, SelectionNote>();
  let fresh = false;
  for (const decision of decisions) {
    const name = decision.place.kind === "volumes" ? `volume/${decision.place.name}` : decision.place.name;
    const before = earlier.get(name);
    if (told.has(decision.code)) {
      const note = noteOf(decision, now);
      const same = before !== undefined && sameNote(before, note);
      notes.set(name, same ? { ...note, at: String(before["at"]) } : note);
      fresh ||= !same;
    } else if (
      before !== undefined &&
      typeof before["variant"] === "string" &&
      decision.place.image.endsWith(`@${before["variant"]}`)
    ) {
      // The webhook is called again for the same request (reinvocation), or the Pod was copied: still what it says.
      notes.set(name, readNote(before));
    }
  }
  if (!fresh && notes.size === earlier.size) return present;
  return notes.size === 0 ? undefined : formatSelection(notes);
}

function noteOf(decision: ImageDecision, now: Date): SelectionNote {
  const { place, index, variant, requires, machineTypes, code, reason } = decision;
  return {
    asked: place.image,
    ...(index === undefined ? {} : { index }),
    ...(variant === undefined ? {} : { variant }),
    ...(requires === undefined ? {} : { requires }),
    ...(machineTypes.length === 0 ? {} : { machineType: machineTypes.slice(0, 4).join(",") }),
    at: `${now.toISOString().slice(0, 19)}Z`,
    code,
    reason,
  };
}

function sameNote(before: Readonly<Record<string, unknown>>, note: SelectionNote): boolean {
  return before["asked"] === note.asked && before["variant"] === note.variant && before["code"] === note.code;
}

/** Keeps the members that this program writes, as text of bounded length. */
function readNote(before: Readonly<Record<string, unknown>>): SelectionNote {
  const text = (key: string): string => String(before[key] ?? "").slice(0, 512);
  const optional = (key: "index" | "variant" | "requires" | "machineType") =>
    typeof before[key] === "string" ? { [key]: text(key) } : {};
  return {
    asked: text("asked"),
    ...optional("index"),
    ...optional("variant"),
    ...optional("requires"),
    ...optional("machineType"),
    at: text("at"),
    code: text("code"),
    reason: text("reason"),
  };
}
