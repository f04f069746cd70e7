import type { LabelSelector, LabelSelectorRequirement } from "./selector.ts";

/**
 * Does a set of labels fulfil a meta/v1 LabelSelector? All of matchLabels and of matchExpressions must hold; an empty
 * selector selects everything (apimachinery, LabelSelectorAsSelector). NotIn and DoesNotExist hold where the key is
 * missing (labels.Requirement.Matches). A selector with a wrong number of values cannot be read, and selects nothing
 * (labels.NewRequirement).
 */
export function matchesLabelSelector(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labelOf(labels, key) !== value) return false;
  }
  return (selector.matchExpressions ?? []).every((requirement) =>
    matchesRequirement(requirement, labelOf(labels, requirement.key)),
  );
}

function matchesRequirement(requirement: LabelSelectorRequirement, actual: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return actual !== undefined && values.includes(actual);
    case "NotIn":
      return values.length > 0 && (actual === undefined || !values.includes(actual));
    case "Exists":
      return values.length === 0 && actual !== undefined;
    case "DoesNotExist":
      return values.length === 0 && actual === undefined;
  }
}

/** Labels come from outside: a key such as `constructor` must not find what every object has. */
function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
