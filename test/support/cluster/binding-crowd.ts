import type { Pod } from "../../../src/api/pod.ts";
import { type BindingSite, buildOf, type PodOptions } from "./binding-site.ts";

/** Pods under way at once: as a Deployment's controller, and not as an attack. */
const atOnce = 100;

/** Creates Pods as fast as the API server takes them; the scheduler spreads them over the nodes. */
export async function createMany(
  site: BindingSite,
  app: string,
  count: number,
  more: (index: number) => Pick<PodOptions, "image"> = () => ({}),
): Promise<void> {
  const spread = {
    maxSkew: 2,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { app } },
  };
  const indexes = Array.from({ length: count }, (_, index) => index).values();
  const creator = async (): Promise<void> => {
    for (const index of indexes) {
      const spec = { topologySpreadConstraints: [spread] };
      await site.createPod(`${app}-${index}`, { labels: { app }, spec, ...more(index) });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, creator));
}

/** Pods that run neither the build of their node nor one of these. */
export function wrong(site: BindingSite, found: readonly Pod[], others: readonly string[] = []): readonly string[] {
  return found.flatMap((pod) => {
    const build = site.buildIn(pod);
    const right = build === buildOf[pod.spec.nodeName ?? ""] || others.includes(build);
    return right ? [] : [`${pod.metadata.name} on ${pod.spec.nodeName} runs ${build}`];
  });
}

/** Names of the Pods that run what their owner wrote. */
export function asWritten(site: BindingSite, found: readonly Pod[]): readonly string[] {
  return found.flatMap((pod) => (site.buildIn(pod) === "written" ? [pod.metadata.name ?? ""] : [])).sort();
}
