/** The question in a room's README: the paragraph under its title, on one line. Undefined where it asks none. */
export function questionOf(readme: string): string | undefined {
  const [, paragraph = ""] = readme.split("\n\n");
  const question = paragraph.split("\n").join(" ").trim();
  return question.endsWith("?") ? question : undefined;
}
