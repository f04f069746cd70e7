import type { Container } from "../../../src/api/pod.ts";
import type { Verdict } from "./following.ts";
import type { OraclePod } from "./pods.ts";
import type { NamedSpec } from "./site.ts";

/** The scheduler's words for a node that passed everything but the affinity to other Pods. */
const passed = /(\d+) node\(s\) didn't match pod affinity rules/;

/**
 * The Pod's twin that wants to be near a Pod that does not exist. The scheduler asks that after labels, taints and
 * resources (pkg/scheduler/apis/config/v1/default_plugins.go), and its message counts the nodes that came so far: so
 * many nodes the Pod itself could get. Device claims, which may fail before, are left out, and gates too.
 */
export function twinOf({ name, spec }: OraclePod): NamedSpec {
  const { schedulingGates: _, resourceClaims: __, containers = [], affinity, ...rest } = spec;
  const near = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { oracle: "nobody" } } };
  const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [near] };
  return {
    name: `twin-${name}`,
    spec: { ...rest, containers: containers.map(withoutClaims), affinity: { ...affinity, podAffinity } },
  };
}

function withoutClaims({ resources, ...container }: Container): Container {
  const { claims: _, ...amounts } = resources ?? {};
  return { ...container, resources: amounts };
}

/** How many nodes the scheduler let pass. */
export function passedIn(verdict: Verdict): number {
  return Number(passed.exec(verdict.refusal ?? "")?.[1] ?? 0);
}
