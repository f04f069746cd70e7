import { maxSelection, type SelectionNote, type SelectionNotes } from "./note.ts";

/** Bytes. Annotations of a Pod share 256 KiB (apimachinery validation.TotalAnnotationSizeLimitB); this stays small. */
const limit = 4_096;
/** Characters of a reason where it does not fit whole. */
const shortReason = 60;
/** In the order in which people read them. */
const members = [
  "asked",
  "code",
  "reason",
  "requires",
  "machineType",
  "node",
  "at",
  "variant",
  "index",
  "list",
  "key",
  "mac",
] as const;
/** `kubectl describe` shows no more of a line (kubectl/pkg/describe/describe.go, maxAnnotationLen). */
const lineLength = 140;

/**
 * JSON in lines that `kubectl describe` shows whole, one member per container name (image volumes as `volume/NAME`),
 * under 4 KiB: where it would be longer, reasons go first, then requirements, then all that the next decision can do
 * without. If even that does not fit into 4 KiB, up to 32 KiB are written; past them the last containers go, and `…` counts them.
 */
export function formatSelection(notes: SelectionNotes): string {
  const shortenings: readonly ((note: SelectionNote) => Partial<SelectionNote>)[] = [
    (note) => note,
    (note) => ({ ...note, reason: note.reason.slice(0, shortReason) }),
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
      const said = note[member];
      if (said === undefined || said === "") continue;
      const part = `${JSON.stringify(member)}:${JSON.stringify(said)}`;
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

/** As many containers as fit, from the first, with the members that decisions need; `…` counts the others. */
function firstThatFit(notes: SelectionNotes): string {
  const kept: [string, unknown][] = [];
  let bytes = 32; // The braces and the count.
  for (const [name, { reason: _, requires: __, machineType: ___, ...note }] of notes) {
    bytes += Buffer.byteLength(JSON.stringify({ [name]: note }));
    if (bytes >= maxSelection) break;
    kept.push([name, note]);
  }
  const left = notes.size - kept.length;
  return JSON.stringify(Object.fromEntries(left === 0 ? kept : [...kept, ["…", left]]));
}
