import { formatFeature } from "../hardware/feature.ts";
import { formatPlatform } from "../hardware/platform.ts";
import type { Profile } from "../hardware/profile.ts";
import type { Variant, VariantList } from "../oci/variant.ts";
import { offered } from "../selection/offered.ts";
import { type Prepared, prepare } from "../selection/prepare.ts";
import { select, selectCommon } from "../selection/select.ts";
import type { Outcome, Selection } from "../selection/selection.ts";
import { unaskedFor, unaskedReason } from "../selection/unasked.ts";
import type { Machine } from "./machine.ts";

/** The build that one machine gets, and why not the others. */
export interface Row {
  readonly machine: Pick<Machine, "kind" | "name">;
  /** `linux/amd64`; of a machine type with nodes of several, all of them. */
  readonly platform: string;
  /** The features that every node of the machine offers, canonical and sorted. */
  readonly offers: readonly string[];
  /** The digest, or null where nothing fits or nothing can be named. */
  readonly selected: string | null;
  readonly action: Selection["action"];
  readonly nothingFits: boolean;
  readonly reason: string;
  readonly considered: readonly Outcome[];
  readonly warnings: readonly string[];
}

/** An image, and what each machine gets of it. */
export interface Explanation {
  readonly image: string;
  readonly digest: string;
  /** Undefined where it is one build and no index. */
  readonly list: VariantList | undefined;
  /** The manifest list that it was made of, in place of an index. */
  readonly madeOf?: string;
  readonly rows: readonly Row[];
}

export interface AskedImage {
  readonly shown: string;
  readonly digest: string;
  readonly list: VariantList | undefined;
  readonly madeOf?: string;
  /** Builds of that list whose registry does not answer. */
  readonly unasked?: readonly Variant[];
}

/** One row for each machine. A selection is made once for each distinct offer, so thousands of nodes cost little. */
export function explain(image: AskedImage, machines: readonly Machine[], accelerated: boolean): Explanation {
  const { shown, digest, list } = image;
  if (list === undefined) {
    return { image: shown, digest, list, rows: machines.map((machine) => oneBuild(machine, digest, accelerated)) };
  }
  const chooser = new Chooser(prepare(list), accelerated);
  const { madeOf, unasked = [] } = image;
  const rows = machines.map((machine) => {
    const row = rowOf(machine, chooser, accelerated);
    const doubtful = unasked.length === 0 ? undefined : mayRun(unasked, machine, accelerated);
    return doubtful === undefined ? row : uncertain(row, unaskedReason(doubtful, madeOf ?? "its list"));
  });
  return { image: shown, digest, list, ...(madeOf === undefined ? {} : { madeOf }), rows };
}

/** The best build that every node of a machine can run. */
export function choose(list: VariantList, machine: Machine, accelerated: boolean): Selection {
  return new Chooser(prepare(list), accelerated).of(machine.profiles);
}

class Chooser {
  readonly #prepared: Prepared;
  readonly #accelerated: boolean;
  readonly #known = new Map<string, Selection>();

  constructor(prepared: Prepared, accelerated: boolean) {
    this.#prepared = prepared;
    this.#accelerated = accelerated;
  }

  of(profiles: readonly Profile[]): Selection {
    const key = profiles.map(({ id }) => id).join(" ");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const offers = profiles.map((profile) => offered(profile, this.#accelerated));
    const [only] = offers;
    const selection =
      only !== undefined && offers.length === 1 ? select(this.#prepared, only) : selectCommon(this.#prepared, offers);
    this.#known.set(key, selection);
    return selection;
  }
}

function rowOf(machine: Machine, chooser: Chooser, accelerated: boolean): Row {
  const { selected, action, code, reason, considered, warnings } = chooser.of(machine.profiles);
  return {
    ...whatItIs(machine, accelerated),
    selected: selected?.digest ?? null,
    action,
    nothingFits: code === "nothing-fits",
    reason,
    considered,
    warnings: [...warnings, ...notesOf(machine), ...mixed(machine, chooser)],
  };
}

/** The build among those whose registry does not answer that may be for a machine. */
export function mayRun(unasked: readonly Variant[], { profiles }: Machine, accelerated: boolean): Variant | undefined {
  const builds = profiles.map((profile) => unaskedFor(unasked, offered(profile, accelerated)));
  return builds.find((build) => build !== undefined);
}

function uncertain(row: Row, reason: string): Row {
  return { ...row, selected: null, action: "leave", nothingFits: false, reason, considered: [] };
}

function oneBuild(machine: Machine, digest: string, accelerated: boolean): Row {
  return {
    ...whatItIs(machine, accelerated),
    selected: digest,
    action: "leave",
    nothingFits: false,
    reason: "left as written: it is one build, not an index of several",
    considered: [],
    warnings: notesOf(machine),
  };
}

function whatItIs(
  { kind, name, profiles }: Machine,
  accelerated: boolean,
): Pick<Row, "machine" | "platform" | "offers"> {
  const [first = [], ...others] = profiles.map((profile) => offered(profile, accelerated).features.map(formatFeature));
  const sets = others.map((texts) => new Set(texts));
  return {
    machine: { kind, name },
    platform: [...new Set(profiles.map(({ platform }) => formatPlatform(platform)))].join(", "),
    offers: first.filter((text) => sets.every((set) => set.has(text))).sort(),
  };
}

function notesOf({ profiles }: Machine): readonly string[] {
  return [...new Set(profiles.flatMap(({ notes }) => notes))];
}

/** A machine type is meant to be one kind of machine; where its nodes get different builds, its owner should know. */
function mixed({ kind, profiles }: Machine, chooser: Chooser): readonly string[] {
  if (kind === "Node" || profiles.length < 2) return [];
  const answers = new Set(
    profiles.map((profile) => {
      const { action, selected } = chooser.of([profile]);
      return `${action} ${selected?.digest}`;
    }),
  );
  if (answers.size < 2) return [];
  return [
    `Its nodes offer different features, and by themselves get ${answers.size} different answers: ask with --node. Shown is the best build that all of them can run.`,
  ];
}
