/** A doc comment of a source, as one line of prose, with the line on which it begins. */
interface DocComment {
  readonly text: string;
  readonly line: number;
}

export interface CommentFault {
  readonly line: number;
  readonly rule: string;
  readonly sentence: string;
}

/** Rules of CONTRIBUTING.md that a program can hold a sentence to. */
const rules: readonly (readonly [string, RegExp])[] = [
  ["begins with Of or What, and not with the thing or a verb", /^(Of|What) /],
  ["tells of an error in prose: @throws", /(?<!@)\b[Tt]hrows [A-Z`]/],
];

/** The sentences of a source's doc comments that break a rule. */
export function commentFaults(source: string): readonly CommentFault[] {
  return docComments(source).flatMap(({ text, line }) =>
    sentencesOf(text).flatMap((sentence) =>
      rules.filter(([, broken]) => broken.test(sentence)).map(([rule]) => ({ line, rule, sentence })),
    ),
  );
}

function docComments(source: string): readonly DocComment[] {
  return [...source.matchAll(/\/\*\*([\s\S]*?)\*\//g)].map(({ 0: whole, 1: inner = "", index }) => ({
    text: inner
      .split("\n")
      .map((line) => line.replace(/^\s*\* ?/, "").trim())
      .join("\n")
      .trim(),
    line: source.slice(0, index).split("\n").length + (whole.startsWith("/**\n") ? 1 : 0),
  }));
}

/** A sentence ends with its sign and a blank, or where a paragraph, a list's item or a tag begins. */
function sentencesOf(text: string): readonly string[] {
  return text
    .split(/\n\s*\n|\n(?=- |@)/)
    .flatMap((paragraph) => paragraph.replaceAll("\n", " ").split(/(?<=[.!?:]["`)]?) (?=[A-Z@`])/))
    .map((sentence) => sentence.replace(/^- /, "").trim())
    .filter((sentence) => sentence !== "");
}
