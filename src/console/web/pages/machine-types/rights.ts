import type { SignedIn } from "../../state/console.ts";

type Verb = SignedIn["may"]["machineTypes"][number];

/** Why the person may not do all that the page offers: one sentence for the page, to which each button points. */
export interface Barred {
  readonly id: string;
  /** Undefined where nothing is barred. */
  readonly sentence: string | undefined;
  may(verb: Verb): boolean;
}

const shownVerbs: Readonly<Partial<Record<Verb, string>>> = { create: "add", update: "change", delete: "delete" };

export function barredFrom({ may, place }: SignedIn): Barred {
  const lacking = (Object.keys(shownVerbs) as Verb[]).filter((verb) => !may.machineTypes.includes(verb));
  const what = lacking.map((verb) => shownVerbs[verb]).join(" or ");
  const why =
    place.kind === "folder"
      ? "This console only reads its folder: it was started without --writable."
      : "Whoever runs the cluster can bind you to the role metahub-machine-types.";
  return {
    id: "barred",
    sentence: lacking.length === 0 ? undefined : `You may look at machine types, but not ${what} them. ${why}`,
    may: (verb) => may.machineTypes.includes(verb),
  };
}

export function barredFromCredentials({ may, place }: SignedIn): Barred {
  const { namespace, verbs } = may.credentials;
  const lacking = (["create", "update"] as const).filter((verb) => !verbs.includes(verb));
  const where = namespace === undefined ? "" : ` in the namespace ${namespace}`;
  const why =
    place.kind === "folder"
      ? "This console only reads its folder: it was started without --writable."
      : `Whoever runs the cluster can bind you to the role metahub-machine-credentials${where}.`;
  return {
    id: "barred",
    sentence: lacking.length === 0 ? undefined : `You may not make or take back credentials here. ${why}`,
    may: (verb) => verbs.includes(verb),
  };
}
