/** The Pod annotation that tells what was chosen and why. What a user writes there is a hint and never trusted. */
export const selectionAnnotation = "metahub.dev/selection";

/** What the annotation says of one container. */
export interface SelectionNote {
  /** The reference as the Pod's owner wrote it. */
  readonly asked: string;
  /** Digest of the index that was read; absent where none could be. */
  readonly index?: string;
  /** Digest of the variant that the container runs; absent where the image was left. */
  readonly variant?: string;
  /** What the variant requires, e.g. `cpu:broadwell, nvcap:7.0|nvcap:8.0`. */
  readonly requires?: string;
  readonly machineType?: string;
  /** The node that it was chosen for, where that was at binding. */
  readonly node?: string;
  /** RFC 3339, seconds. */
  readonly at: string;
  /** Machine-readable reason. */
  readonly code: string;
  readonly reason: string;
}

/** Bytes. Annotations of a Pod share 256 KiB (apimachinery validation.TotalAnnotationSizeLimitB); this stays small. */
const limit = 4096;
/**
 * Bytes, for Pods of so many containers that what must be known of them takes more: without its index and node, a build
 * could neither be proven nor replaced at the next binding. Some hundred containers.
 */
const hardLimit = 32_768;

/** In the order in which people read them. */
const members = ["asked", "code", "reason", "requires", "machineType", "node", "at", "variant", "index"] as const;
/** `kubectl describe` shows no more of a line (kubectl/pkg/describe/describe.go, maxAnnotationLen). */
const lineLength = 140;

/**
 * JSON in lines that `kubectl describe` shows whole, one member per container name (image volumes as `volume/NAME`),
 * under 4 KiB: where it would be longer, reasons go first, then requirements, then all that the next decision can do
 * without. Only where that is still longer it may be longer; past 32 KiB the last containers go, and `…` counts them.
 */
export function formatSelection(notes: ReadonlyMap<string, SelectionNote>): string {
  const shortenings: readonly ((note: SelectionNote) => Partial<SelectionNote>)[] = [
    (note) => note,
    (note) => ({ ...note, reason: note.reason.slice(0, 60) }),
    ({ reason, ...rest }) => rest,
    ({ reason, requires, ...rest }) => rest,
  ];
  for (const shorten of shortenings) {
    const text = inLines([...notes].map(([name, note]) => [name, shorten(note)]));
    if (Buffer.byteLength(text) < limit) return text;
  }
  return firstThatFit(notes);
}

/** Breaks lines between members: white space there means nothing in JSON (RFC 8259, section 2). */
function inLines(notes: readonly (readonly [string, Partial<SelectionNote>])[]): string {
  const objects = notes.map(([name, note]) => {
    let text = `${JSON.stringify(name)}:{`;
    let column = text.length + 1;
    for (const member of members) {
      if (note[member] === undefined) continue;
      const part = `${JSON.stringify(member)}:${JSON.stringify(note[member])}`;
      const first = text.endsWith("{");
      // With the comma or the brackets that follow.
      const fits = column + part.length + 3 <= lineLength;
      column = fits ? column + part.length + 1 : part.length + 1;
      text += `${first ? "" : ","}${fits ? "" : "\n "}${part}`;
    }
    return `${text}}`;
  });
  return `{${objects.join(",\n ")}}`;
}

/** A note as this program writes it: its members and no others, as text of bounded length. */
export function readNote(note: Readonly<Record<string, unknown>>): SelectionNote {
  // The longest that is read as an image reference.
  const text = (key: string): string => String(note[key] ?? "").slice(0, 1024);
  const optional = (key: "index" | "variant" | "requires" | "machineType" | "node") =>
    typeof note[key] === "string" ? { [key]: text(key) } : {};
  return {
    asked: text("asked"),
    ...optional("index"),
    ...optional("variant"),
    ...optional("requires"),
    ...optional("machineType"),
    ...optional("node"),
    at: text("at"),
    code: text("code"),
    reason: text("reason"),
  };
}

/** Codes of notes that leave the choice to the Pod's binding. */
const openCodes: ReadonlySet<unknown> = new Set(["nodes-differ", "no-nodes", "at-binding"]);

/** Whether the note says that nothing was chosen yet. Once a Pod is bound, such a note tells that the choice was missed. */
export function isOpen(note: Readonly<Record<string, unknown>>): boolean {
  return note["variant"] === undefined && note["node"] === undefined && openCodes.has(note["code"]);
}

/** What no note can do without, of as many containers as fit, from the first; `…` counts the others. */
function firstThatFit(notes: ReadonlyMap<string, SelectionNote>): string {
  const kept: [string, unknown][] = [];
  let bytes = 32; // The braces and the count.
  for (const [name, { reason: _, requires: __, machineType: ___, ...note }] of notes) {
    bytes += Buffer.byteLength(JSON.stringify({ [name]: note }));
    if (bytes >= hardLimit) break;
    kept.push([name, note]);
  }
  const left = notes.size - kept.length;
  return JSON.stringify(Object.fromEntries(left === 0 ? kept : [...kept, ["…", left]]));
}

/** Reads an annotation that this program may have written. Anything else gives an empty map: it is only a hint. */
export function parseSelection(text: string | undefined): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const notes = new Map<string, Readonly<Record<string, unknown>>>();
  if (text === undefined || text.length > hardLimit) return notes;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return notes; // Written by a user or cut by a tool. There is nothing to learn from it and nobody to tell.
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return notes;
  for (const [name, note] of Object.entries(value)) {
    if (typeof note === "object" && note !== null && !Array.isArray(note)) notes.set(name, note);
  }
  return notes;
}
