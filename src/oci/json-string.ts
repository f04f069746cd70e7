/** A part of a string's content, decoded; `end` is behind it, and behind the quotes where they `ended` it. */
export interface StringPart {
  readonly text: string;
  readonly end: number;
  readonly ended: boolean;
}

/** A string that is none, and where that shows. */
export interface StringFault {
  readonly fault: string;
  readonly at: number;
}

/**
 * Reads the content of a JSON string (RFC 8259, section 7) from `start`, inside its quotes: to its end, or about so many
 * characters of it. No escape is parted.
 */
export function readStringPart(document: string, start: number, most: number): StringPart | StringFault {
  let escaped = false;
  let offset = start;
  for (; offset < start + most; offset += 1) {
    const code = document.charCodeAt(offset);
    if (code === 0x22) {
      return { text: decode(document.slice(start, offset), escaped), end: offset + 1, ended: true };
    }
    if (code === 0x5c) {
      escaped = true;
      const length = escapeLength(document, offset + 1);
      if (length === undefined) return { fault: "an escape that JSON does not know", at: offset + 1 };
      offset += length;
    } else if (code < 0x20) {
      return { fault: "a control character inside a string", at: offset };
    } else if (Number.isNaN(code)) {
      return { fault: "the document ends inside a string", at: offset };
    }
  }
  return { text: decode(document.slice(start, offset), escaped), end: offset, ended: false };
}

/** Characters of an escape behind its backslash; undefined where it is none. */
function escapeLength(document: string, offset: number): number | undefined {
  const next = document[offset] ?? "";
  if (next === "u") return /^[0-9a-fA-F]{4}$/.test(document.slice(offset + 1, offset + 5)) ? 5 : undefined;
  return next !== "" && '"\\/bfnrt'.includes(next) ? 1 : undefined;
}

/** Escapes were checked, so that JSON.parse cannot fail. */
function decode(raw: string, escaped: boolean): string {
  return escaped ? String(JSON.parse(`"${raw}"`)) : raw;
}
