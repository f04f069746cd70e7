import { shorten } from "../text/shorten.ts";
import type { PodMetadata } from "./pod.ts";
import { acceleratorsAnnotation, noMatchAnnotation, rewriteLabel, strategyAnnotation } from "./pod-keys.ts";

/**
 * A Pod's own wishes, read from its annotations and its label. Every member is always there and is one of a few words,
 * in one order; so two Pods that wish the same have equal options, however their owners wrote it.
 */
export interface PodOptions {
  readonly strategy: Strategy;
  readonly noMatch: NoMatch;
  readonly accelerators: Accelerators;
  readonly rewrite: Rewrite;
  /** One sentence for each value that means nothing, with those that do. */
  readonly mistakes: readonly string[];
}

export type Strategy = (typeof strategies)[number];
export type NoMatch = (typeof noMatches)[number];
/** `requested`: they count for the containers that request one. */
export type Accelerators = "requested" | (typeof overrides)[number];
/** The wishes that decide which build is chosen; the others decide where a Pod lands, or whether it is looked at. */
export type ChoiceOptions = Pick<PodOptions, "strategy" | "accelerators">;
/** `unsaid`: neither opted in nor out. */
export type Rewrite = "unsaid" | (typeof rewrites)[number];

const strategies = ["auto", "admission", "bind", "common"] as const;
const noMatches = ["warn", "deny", "steer"] as const;
const overrides = ["always", "never"] as const;
const rewrites = ["enabled", "disabled"] as const;

/** Every combination of them. */
export const allChoiceOptions: readonly ChoiceOptions[] = strategies.flatMap((strategy) =>
  (["requested", ...overrides] as const).map((accelerators) => ({ strategy, accelerators })),
);

/** Characters of a value that are repeated to its owner. */
const mostShown = 40;

const noMistakes: readonly string[] = [];

/** Reads the label of a Pod or a namespace that opts in or out. */
export function readRewrite(label: string | undefined): Rewrite {
  return rewrites.find((one) => one === label) ?? "unsaid";
}

/** Whether a Pod's images may be chosen at all. `labelledOnly`: only Pods that opted in are meant. */
export function isMeant({ rewrite }: Pick<PodOptions, "rewrite">, labelledOnly = false): boolean {
  return labelledOnly ? rewrite === "enabled" : rewrite !== "disabled";
}

/** Reads what users write. A value that means nothing counts as if it were not there. */
export function readOptions({ annotations, labels }: Pick<PodMetadata, "annotations" | "labels">): PodOptions {
  const mistakes: string[] = [];
  const read = <T extends string>(name: string, values: readonly T[], absent: string): T | undefined => {
    const text = annotations?.[name];
    if (text === undefined) return undefined;
    const value = values.find((one) => one === text);
    if (value === undefined) {
      const shown = JSON.stringify(shorten(text, mostShown));
      mistakes.push(`annotation ${name}: ${shown} is none of ${values.join(", ")}; ${absent}`);
    }
    return value;
  };
  return {
    strategy: read(strategyAnnotation, strategies, "taken as auto") ?? "auto",
    noMatch: read(noMatchAnnotation, noMatches, "taken as warn") ?? "warn",
    accelerators: read(acceleratorsAnnotation, overrides, "what each container requests decides") ?? "requested",
    rewrite: readRewrite(labels?.[rewriteLabel]),
    mistakes: mistakes.length === 0 ? noMistakes : mistakes,
  };
}
