import { isOpen, noteTime, type SelectionNote, typesOf } from "../rewriting/notes/note.ts";
import { describeRequirement } from "../rewriting/verdict.ts";
import type { ChosenBuild, Judged, Judgement } from "./judgement.ts";
import type { BoundNode, Reselection } from "./reselection.ts";

/** The write that a judgement leads to, and the note in it; undefined where the Pod stays as it is. */
export function writeOf(judged: Judged, judgement: Judgement, now: Date): Reselection["write"] {
  switch (judgement.kind) {
    case "keep":
      return leftNote(judged, judgement, now);
    case "right":
      return renewedNote(judged, now);
    case "return": {
      const { image, source } = judgement;
      return { image, note: { asked: image, ...decided(judged.node, judgement, now), ...source } };
    }
    default:
      return { image: judgement.image, note: buildNote(judged.node, judgement, now) };
  }
}

type Reason = Pick<Judgement, "code" | "reason">;

function decided({ name }: BoundNode, { code, reason }: Reason, now: Date) {
  return { code, reason, node: name, at: noteTime(now) };
}

function buildNote(node: BoundNode, chosen: ChosenBuild & Reason, now: Date): SelectionNote {
  const { asked, variant, machineTypes, source } = chosen;
  return {
    asked,
    ...decided(node, chosen, now),
    requires: describeRequirement(variant),
    ...typesOf(machineTypes),
    variant: variant.digest,
    ...source,
  };
}

/** Renews a note that left the choice open, or chose no build for another node: it tells why none was chosen here. */
function leftNote({ place, note, claim, node }: Judged, reason: Reason, now: Date): Reselection["write"] {
  if (claim === undefined || !wasLeft(claim, node.name)) return undefined;
  // It tells people that nothing is open any more, whoever wrote that it was. An index counts only where it is proven.
  const { index, list } = note ?? {};
  const told = { asked: place.image, ...decided(node, reason, now), ...typesOf(typesHere(node)) };
  return {
    image: place.image,
    note: { ...told, ...(index === undefined ? {} : { index }), ...(list === undefined ? {} : { list }) },
  };
}

/** Where the right build was chosen for another node, the note must name this one: the controller reads it. */
function renewedNote({ place, note, node }: Judged, now: Date): Reselection["write"] {
  if (note?.node === undefined || note.node === node.name) return undefined;
  const { machineType: _, ...rest } = note;
  const renewed = { ...rest, ...typesOf(typesHere(node)), node: node.name, at: noteTime(now) };
  return { image: place.image, note: renewed };
}

function wasLeft(note: SelectionNote, node: string): boolean {
  return isOpen(note) || (note.variant === undefined && note.node !== undefined && note.node !== node);
}

function typesHere({ landings }: BoundNode): readonly string[] {
  return landings.flatMap(({ machineTypes }) => machineTypes);
}
