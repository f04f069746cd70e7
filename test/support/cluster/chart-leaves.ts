/** Paths of all values that are no objects (or empty ones), with them. */
export function chartLeaves(
  values: Readonly<Record<string, unknown>>,
  prefix = "",
): readonly (readonly [path: string, value: unknown])[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const path = `${prefix}${key}`;
    const inner = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    // A map of labels or quantities is one value.
    if (inner.length === 0 || ["nodeSelector", "resources"].includes(key)) return [[path, value] as const];
    return chartLeaves(Object.fromEntries(inner), `${path}.`);
  });
}
