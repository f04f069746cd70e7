import type { Feature } from "../hardware/feature.ts";
import { formatFeature } from "../hardware/feature.ts";
import type { Profile } from "../hardware/profile.ts";
import type { Variant } from "../oci/variant.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import type { Choice as Selection } from "../selection/selection.ts";
import { shorten } from "../text/shorten.ts";
import type { DecisionCode } from "./decision.ts";

/** A reason is one line of a Warning and of `kubectl describe`. */
const mostCharacters = 200;
const mostShown = 3;
const mostOfOne = 48;
/** The 140 characters that it shows of a line, less the member's name (`notes/write.ts`). */
const mostInLine = 126;

/** The answer of all the places that a Pod can land on, together, about one image. */
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
  /** False where runtimes take the right one on every machine (`leftOnEveryMachine`). Asked without a landing alone. */
  readonly chooses: boolean;
}

/**
 * One image at admission: the Pod may land on any of `landings`. Where all of them get the same variant the answer is
 * certain; where they differ it is left for later, unless `common` asks for the best that every one of them can run.
 */
export function judge(landings: readonly PlacedProfile[], chooser: Chooser, common: boolean): Verdict {
  const machineTypes = [...new Set(landings.flatMap((landing) => landing.machineTypes))].sort();
  if (landings.length === 0) return nowhere(chooser, machineTypes);
  const choices = choicesOf(landings, chooser);
  const [first, ...others] = choices;
  if (first !== undefined && others.length === 0) {
    const everywhere = `on none of its ${landings.length} kinds of nodes; ${nameOf(first.landing)}`;
    return fromSelection(first.selection, machineTypes, landings.length === 1 ? undefined : everywhere);
  }
  if (common) {
    const selection = chooser.selectCommon(landings.map(({ profile }) => profile));
    return fromSelection(selection, machineTypes, `no one build runs on all of its ${landings.length} kinds of nodes`);
  }
  const shown = choices.map(({ landing, selection }) => shorten(`${nameOf(landing)} ${choice(selection)}`, mostOfOne));
  return { code: "nodes-differ", machineTypes, reason: differing(shown), warn: false };
}

interface Choice {
  readonly landing: PlacedProfile;
  readonly selection: Selection;
}

/** Each answer once, with the first landing that gets it. */
function choicesOf(landings: readonly PlacedProfile[], chooser: Chooser): readonly Choice[] {
  const choices = new Map<string, Choice>();
  for (const landing of landings) {
    const selection = chooser.select(landing.profile);
    const key = selection.action === "rewrite" ? (selection.selected?.digest ?? "") : selection.code;
    if (!choices.has(key)) choices.set(key, { landing, selection });
  }
  return [...choices.values()];
}

function nowhere(chooser: Chooser, machineTypes: readonly string[]): Verdict {
  const nothing = { machineTypes, warn: false };
  return chooser.chooses
    ? { ...nothing, code: "no-nodes", reason: "no node fits this Pod now, nor the nodeTemplate of any MachineType" }
    : { ...nothing, code: "runtime-matched", reason: "runtimes choose among its builds by themselves" };
}

/** As many of the choices as `kubectl describe` shows in one line. A comma parts them from the rest: they hold commas. */
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

/** `unfit` is said before the reason where nothing fits. */
function fromSelection(selection: Selection, machineTypes: readonly string[], unfit: string | undefined): Verdict {
  const { code, reason } = selection;
  if (selection.action === "rewrite" && selection.selected !== null) {
    return { code, variant: selection.selected, machineTypes, reason, warn: false };
  }
  const warn = code === "nothing-fits";
  return {
    code,
    machineTypes,
    reason: warn && unfit !== undefined ? shorten(`${unfit}: ${reason}`, mostCharacters) : reason,
    warn,
  };
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
