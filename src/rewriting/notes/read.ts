import type { Pod } from "../../api/pod.ts";
import { selectionAnnotation } from "../../api/pod-keys.ts";
import { isRecord } from "../../json/object.ts";
import { isDigest } from "../../oci/digest.ts";
import { maxSelection, type SelectionNote, type SelectionNotes } from "./note.ts";

/** Characters of one member: the longest that is read as an image reference. */
const longest = 1_024;
/** As `keys/signing-keys.ts` names keys. */
const keyId = /^[0-9a-f]{16}$/;
/** 16 bytes in base64url. */
const macForm = /^[A-Za-z0-9_-]{22}$/;
/** RFC 1123, as every node's name is. Anything else would only end up in somebody's terminal. */
const nodeName = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Kind and name of a manifest list, its uid if it has one, and the digest of what it says. */
const listForm = /^(Cluster)?ManifestList\/[a-z0-9.-]{1,255} [0-9a-f-]{1,36} sha256:[0-9a-f]{64}$/;

const noNotes: SelectionNotes = new Map();
/** Several ask the same Pod in turn, and its text is read once. */
const known = new WeakMap<Pod, SelectionNotes>();

/**
 * The notes of a Pod, whoever wrote them: enough to tell people of them. Who acts on one takes it from a `ReviewedPod`,
 * where they prove themselves.
 */
export function notesOf(pod: Pod): SelectionNotes {
  const text = pod.metadata.annotations?.[selectionAnnotation];
  if (text === undefined) return noNotes;
  const notes = known.get(pod) ?? parseSelection(text);
  known.set(pod, notes);
  return notes;
}

/**
 * Reads an annotation that this program may have written. Anything else gives no notes: it is only a hint. A member that
 * has no meaning counts as if it were not there.
 */
export function parseSelection(text: string | undefined): SelectionNotes {
  if (text === undefined || text.length > maxSelection) return noNotes;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return noNotes; // Written by a user or cut by a tool. There is nothing to learn from it and nobody to tell.
  }
  if (!isRecord(value)) return noNotes;
  const notes = new Map<string, SelectionNote>();
  for (const [name, note] of Object.entries(value)) if (isRecord(note)) notes.set(name, parseNote(note));
  return notes;
}

function parseNote(note: Readonly<Record<string, unknown>>): SelectionNote {
  const requires = shown(note["requires"]);
  const machineType = shown(note["machineType"]);
  const node = matching(note["node"], nodeName);
  const variant = identity(note["variant"]);
  const index = digestOf(note["index"]);
  // A build comes of an index or of a list. Which of two would be meant nobody could say.
  const list = index === undefined ? matching(note["list"], listForm) : undefined;
  const key = matching(note["key"], keyId);
  const mac = matching(note["mac"], macForm);
  return {
    asked: identity(note["asked"]) ?? "",
    code: identity(note["code"]) ?? "",
    reason: shown(note["reason"]) ?? "",
    ...(requires === undefined ? {} : { requires }),
    ...(machineType === undefined ? {} : { machineType }),
    ...(node === undefined ? {} : { node }),
    at: identity(note["at"]) ?? "",
    ...(variant === undefined ? {} : { variant }),
    ...(index === undefined ? {} : { index }),
    ...(list === undefined ? {} : { list }),
    ...(key === undefined ? {} : { key }),
    ...(mac === undefined ? {} : { mac }),
  };
}

/** A text that says which one is meant; cut, it would mean another. */
function identity(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= longest ? value : undefined;
}

/** A text for people. */
function shown(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, longest) : undefined;
}

function matching(value: unknown, form: RegExp): string | undefined {
  return typeof value === "string" && form.test(value) ? value : undefined;
}

function digestOf(value: unknown): string | undefined {
  return typeof value === "string" && isDigest(value) ? value : undefined;
}
