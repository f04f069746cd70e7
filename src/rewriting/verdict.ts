import type { Feature } from "../hardware/feature.ts";
import { formatFeature } from "../hardware/feature.ts";
import type { Profile } from "../hardware/profile.ts";
import type { Variant } from "../oci/variant.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import type { Selection } from "../selection/selection.ts";
import type { DecisionCode } from "./decision.ts";

/** A reason is one line of a Warning and of `kubectl describe`. */
const mostCharacters = 200;
const mostShown = 3;
const mostOfOne = 48;
/** Of the 140 that it shows, less the member's name (`annotation.ts`). */
const mostInLine = 126;

/** What all the places that a Pod can land on say together about one image. */
export interface Verdict {
  readonly code: DecisionCode;
  /** Present where the image is to be rewritten. */
  readonly variant?: Variant;
  readonly machineTypes: readonly string[];
  readonly reason: string;
  readonly warn: boolean;
}

/** The rules that the verdict is made with: selection for one profile, and for all of them at once. */
export interface Chooser {
  select(profile: Profile): Selection;
  selectCommon(profiles: readonly Profile[]): Selection;
  /** False where runtimes match all that any variant requires, so that no machine needs one to be chosen. */
  readonly chooses: boolean;
}

/**
 * One image at admission: the Pod may land on any of `landings`. Where all of them get the same variant the answer is
 * certain; where they differ it is left for later, unless `common` asks for the best that every one of them can run.
 */
export function judge(landings: readonly PlacedProfile[], chooser: Chooser, common: boolean): Verdict {
  const machineTypes = [...new Set(landings.flatMap((landing) => landing.machineTypes))].sort();
  if (landings.length === 0 && !chooser.chooses) {
    const reason = "runtimes choose among its builds by themselves";
    return { code: "runtime-matched", machineTypes, reason, warn: false };
  }
  if (landings.length === 0) {
    const reason = "no node fits this Pod now, nor the nodeTemplate of any MachineType";
    return { code: "no-nodes", machineTypes, reason, warn: false };
  }
  const groups = new Map<string, { landing: PlacedProfile; selection: Selection }>();
  for (const landing of landings) {
    const selection = chooser.select(landing.profile);
    const key = selection.action === "rewrite" ? (selection.selected?.digest ?? "") : selection.code;
    if (!groups.has(key)) groups.set(key, { landing, selection });
  }
  const [first, ...others] = groups.values();
  if (first !== undefined && others.length === 0) {
    const verdict = fromSelection(first.selection, machineTypes);
    if (verdict.code !== "nothing-fits" || landings.length === 1) return verdict;
    const reason = `on none of its ${landings.length} kinds of nodes; ${nameOf(first.landing)}: ${verdict.reason}`;
    return { ...verdict, reason: bounded(reason) };
  }
  if (common) {
    const verdict = fromSelection(chooser.selectCommon(landings.map(({ profile }) => profile)), machineTypes);
    if (verdict.code !== "nothing-fits") return verdict;
    const reason = `no one build runs on all of its ${landings.length} kinds of nodes: ${verdict.reason}`;
    return { ...verdict, reason: bounded(reason) };
  }
  const choices = [...groups.values()].map(({ landing, selection }) => {
    return bounded(`${nameOf(landing)} ${choice(selection)}`, mostOfOne);
  });
  return { code: "nodes-differ", machineTypes, reason: differing(choices), warn: false };
}

/** As many of the choices as `kubectl describe` shows in one line. */
function differing(choices: readonly string[]): string {
  const text = (shown: number): string => {
    const more = choices.length > shown ? `, and ${choices.length - shown} more` : "";
    return `it can land on machines that need different builds: ${choices.slice(0, shown).join(", ")}${more}`;
  };
  return [mostShown, 2].map(text).find((one) => one.length <= mostInLine) ?? text(1);
}

function nameOf(landing: PlacedProfile): string {
  return landing.machineTypes[0] ?? landing.example.name;
}

function bounded(text: string, length = mostCharacters): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function fromSelection(selection: Selection, machineTypes: readonly string[]): Verdict {
  const { code, reason } = selection;
  if (selection.action === "rewrite" && selection.selected !== null) {
    return { code, variant: selection.selected, machineTypes, reason, warn: false };
  }
  return { code, machineTypes, reason, warn: code === "nothing-fits" };
}

function choice(selection: Selection): string {
  if (selection.code === "nothing-fits") return "runs none of them";
  if (selection.action === "leave" || selection.selected === null) return "leaves the choice to its runtime";
  return `runs ${describeRequirement(selection.selected)}`;
}

/** `cpu:broadwell, nvcap:7.0|nvcap:8.0`: all groups, any alternative. `generic` where nothing is required. */
export function describeRequirement(variant: Variant): string {
  if (variant.requires.length === 0) return "generic";
  return variant.requires.map((group: readonly Feature[]) => group.map(formatFeature).join("|")).join(", ");
}
