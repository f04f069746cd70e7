import type { Candidates } from "./candidates.ts";
import type { Verdict } from "./following.ts";
import type { OraclePod } from "./pods.ts";
import { passedIn } from "./survey.ts";
import { servedResource } from "./vocabulary.ts";

/** One trial: a Pod, what we say of it, and what the scheduler says. */
export interface Trial {
  readonly pod: OraclePod;
  /** Whether we were asked about the Pod as its author wrote it or as the API server stored it. */
  readonly form: "written" | "stored";
  readonly candidates: Candidates;
  readonly verdict: Verdict;
}

/** The nodes that make our set larger than the scheduler's, and are meant to. */
export interface Slack {
  /** Nodes that the scheduler avoids only for now. */
  readonly transient: ReadonlySet<string>;
  /** Nodes with a device plugin for the resource that a DeviceClass serves: the scheduler counts these, we do not. */
  readonly plugins: ReadonlySet<string>;
}

/** The node that the scheduler picked must be one of ours; where it found none and only our rules can say why, none is. */
export function pickedWrongly({ pod, candidates, verdict }: Trial, { transient }: Slack): string | undefined {
  const { nodes } = candidates;
  if (verdict.node !== undefined) {
    if (nodes.size === 0) return "we say that it can land nowhere, and it has a node";
    return nodes.has(verdict.node) ? undefined : "its node is none of ours";
  }
  // Others may have taken the resource or device; and a Pod that was narrowed has fewer nodes than it had at admission.
  if (hasClaims(pod) || asks(pod) || pod.narrowing !== undefined) return undefined;
  const lasting = [...nodes].filter((node) => !transient.has(node));
  return lasting.length === 0 ? undefined : `the scheduler found none, and we say ${lasting.slice(0, 5).join(", ")}`;
}

/** The scheduler let as many nodes pass as we do, save those of the slack. For the verdict on a Pod's twin. */
export function countedWrongly({ pod, candidates, verdict }: Trial, { transient, plugins }: Slack): string | undefined {
  const passed = passedIn(verdict);
  const most = candidates.nodes.size;
  const doubtful = (node: string): boolean => transient.has(node) || (asks(pod, servedResource) && plugins.has(node));
  const least = [...candidates.nodes].filter((node) => !doubtful(node)).length;
  if (least <= passed && passed <= most) return undefined;
  return `the scheduler lets ${passed} nodes pass, we ${least === most ? most : `${least} to ${most}`}`;
}

/** All that is needed to look into it, on one line. */
export function describeTrial(seed: number, { pod, form, candidates, verdict }: Trial, wrong: string): string {
  const { name, rule, ...rest } = pod;
  const scheduler = verdict.node ?? verdict.refusal ?? "undecided";
  return `${wrong}; ${JSON.stringify({ seed, name, rule, form, ...rest, scheduler, ours: candidates.reason })}`;
}

function hasClaims({ spec }: OraclePod): boolean {
  return (spec.resourceClaims ?? []).length > 0;
}

/** Does one of its containers ask for this resource, or for any? */
function asks({ spec }: OraclePod, resource?: string): boolean {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])].some(({ resources }) =>
    Object.keys(resources?.limits ?? {}).some((name) => resource === undefined || name === resource),
  );
}

/** How many Pods of each rule have a node, and how many have none. */
export function sharesOf(
  trials: readonly Trial[],
): readonly { readonly rule: string; readonly placed: number; readonly refused: number }[] {
  const written = trials.filter(({ form }) => form === "written");
  return [...Map.groupBy(written, ({ pod }) => pod.rule)].map(([rule, own]) => {
    const placed = own.filter(({ verdict }) => verdict.node !== undefined).length;
    return { rule, placed, refused: own.length - placed };
  });
}
