/** `a, b and 3 more`: the first names, and how many others there are. */
export function few(names: readonly string[], most: number): string {
  const more = names.length - most;
  const shown = names.slice(0, most).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}
