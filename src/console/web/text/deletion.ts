import type { Preview } from "../../contract/machine-types.ts";

/** Sentences of a dialog that asks whether a machine type is to go; none says more than is known. */
export interface DeletionTold {
  /** Where nothing that is known would change. */
  readonly nothing: string | undefined;
  /** One for each thing that could not be counted. */
  readonly unknown: readonly string[];
}

/** Where the machine type lives, and whether its credentials are kept anywhere. */
export interface DeletionPlace {
  readonly kind: "cluster" | "folder";
  readonly keepsCredentials: boolean;
}

/** How many there are of each that a deletion changes; undefined where nobody could count them. */
export interface DeletionCounts {
  readonly nodes: number | undefined;
  readonly pods: number | undefined;
  readonly credentials: number | undefined;
}

/** A warning says that nodes could not be seen: what was counted on them is then no number. */
export function deletionCounts(effect: Preview, { keepsCredentials }: DeletionPlace): DeletionCounts {
  const credentials = effect.credentials ?? (keepsCredentials ? undefined : 0);
  if (effect.warnings.length > 0) return { nodes: undefined, pods: undefined, credentials };
  return { nodes: effect.moved.reduce((sum, { nodes }) => sum + nodes, 0), pods: effect.pods, credentials };
}

export function deletionTold(effect: Preview, place: DeletionPlace): DeletionTold {
  const { nodes, pods, credentials } = deletionCounts(effect, place);
  const things = [
    { count: nodes, none: "no node is of this type", unknown: effect.warnings },
    { count: pods, none: "no running Pod got its build by it", unknown: [podsUnknown(nodes, place)] },
    { count: credentials, none: "no credential ends", unknown: [credentialsUnseen] },
  ];
  const unknown = things.flatMap((thing) => (thing.count === undefined ? thing.unknown : []));
  const known = things.filter(({ count }) => count === 0).map(({ none }) => none);
  if (known.length === 0 || things.some(({ count = 0 }) => count > 0)) return { nothing: undefined, unknown };
  const begin = unknown.length === 0 ? "Nothing else changes" : "Known is";
  return { nothing: `${begin}: ${known.join(", ")}.`, unknown };
}

function podsUnknown(nodes: number | undefined, { kind }: DeletionPlace): string {
  if (kind === "folder") return "A folder does not know which Pods got their builds by it.";
  if (nodes === undefined) return "How many running Pods got their builds by it is not known without its nodes.";
  return "How many running Pods got their builds by it is not known: you may not list Pods.";
}

const credentialsUnseen = "How many credentials would end is not known: you may not list them.";
