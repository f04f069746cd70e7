/** What a Pod's annotations ask for. */
export interface PodOptions {
  readonly strategy: Strategy;
  readonly noMatch: NoMatch;
  /** One sentence for each value that means nothing, with those that do. */
  readonly mistakes: readonly string[];
}

export type Strategy = (typeof strategies)[number];
export type NoMatch = (typeof noMatches)[number];

const strategyAnnotation = "metahub.dev/strategy";
const strategies = ["auto", "admission", "bind", "common"] as const;
const noMatches = ["warn", "deny", "steer"] as const;

type Annotations = Readonly<Record<string, string>>;

/** Reads the annotations that users write. A value that means nothing counts as if it were not there. */
export function readOptions(annotations: Annotations = {}): PodOptions {
  const mistakes: string[] = [];
  const read = <T extends string>(name: string, values: readonly T[], absent: string): T | undefined => {
    const text = annotations[name];
    const value = values.find((one) => one === text);
    if (text !== undefined && value === undefined) {
      const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
      mistakes.push(`annotation ${name}: ${shown} is none of ${values.join(", ")}; ${absent}`);
    }
    return value;
  };
  const strategy = read(strategyAnnotation, strategies, "taken as auto") ?? "auto";
  const noMatch = read("metahub.dev/no-match", noMatches, "taken as warn") ?? "warn";
  read("metahub.dev/accelerators", ["always", "never"], "what each container requests decides");
  return { strategy, noMatch, mistakes };
}

/** The annotations without the strategy: as if it were `auto`. */
export function withoutStrategy(annotations: Annotations = {}): Annotations {
  const { [strategyAnnotation]: _, ...others } = annotations;
  return others;
}
