import fc from "fast-check";
import type { Container, PodResourceClaim, PodSpec } from "../../../src/api/pod.ts";
import { claimTemplates, sharedClaim } from "./classes.ts";
import { modelClass, servedResource } from "./vocabulary.ts";

type Containers = Pick<PodSpec, "containers" | "initContainers" | "resourceClaims">;

/** Nobody pulls it. */
const image = "example/none";

type Vocabulary = Readonly<Record<string, readonly string[]>>;

/** Containers, init containers and sidecars of a Pod that asks for one or two of these resources. */
function asking(resources: Vocabulary): fc.Arbitrary<Containers> {
  return fc
    .tuple(fc.shuffledSubarray(Object.keys(resources), { minLength: 1, maxLength: 2 }), shapes)
    .chain(([names, { main, init }]) => {
      const needs = amounts(Object.fromEntries(names.map((name) => [name, resources[name] ?? []])));
      const filled = (prefix: string, list: readonly Shape[]): fc.Arbitrary<readonly Container[]> =>
        fc.tuple(...list.map((shape, index) => containerOf(`${prefix}-${index}`, shape, needs)));
      return fc
        .tuple(filled("main", main), filled("init", init))
        .map(([containers, initContainers]) => ({ containers, ...(init.length > 0 && { initContainers }) }));
    });
}

type Shape = "busy" | "idle" | "sidecar";

/** Among them those whose peak is while they start: more before than in the end (KEP-753). */
const shapes = fc.record({
  main: fc.oneof(
    fc.constantFrom<readonly Shape[]>(["idle"], ["busy"]),
    fc.array(fc.constantFrom<Shape>("busy", "busy", "idle"), { minLength: 1, maxLength: 3 }),
  ),
  init: fc.oneof(
    fc.constantFrom<readonly Shape[]>([], ["sidecar"], ["sidecar", "busy"]),
    fc.array(fc.constantFrom<Shape>("busy", "sidecar"), { minLength: 1, maxLength: 4 }),
  ),
});

function containerOf(
  name: string,
  shape: Shape,
  needs: fc.Arbitrary<NonNullable<Container["resources"]>>,
): fc.Arbitrary<Container> {
  if (shape === "idle") return fc.constant({ name, image });
  const restart = shape === "sidecar" ? { restartPolicy: "Always" } : {};
  return needs.map((resources) => ({ name, image, resources, ...restart }));
}

/** The resources that one container asks for. The API server wants a limit; a request beside it is the same. */
function amounts(resources: Vocabulary): fc.Arbitrary<NonNullable<Container["resources"]>> {
  const limits = fc
    .subarray(Object.keys(resources), { minLength: 1 })
    .chain((names) =>
      fc.record(Object.fromEntries(names.map((name) => [name, fc.constantFrom(...(resources[name] ?? []))]))),
    );
  return fc.oneof(
    limits.map((each) => ({ limits: each })),
    limits.map((each) => ({ limits: each, requests: each })),
  );
}

/** Zero of a resource is none of it, also where a node does not list it (scheduler, noderesources.fitsRequest). */
export const extended = asking({
  "nvidia.com/gpu": ["0", "1", "1", "2", "4"],
  "example.com/nic": ["0", "1", "2"],
  "example.com/fpga": ["8", "16", "500", "1k", "1Ki"],
});

export const served = asking({
  [servedResource]: ["0", "1", "1", "2", "7"],
  [`deviceclass.resource.kubernetes.io/${modelClass}`]: ["1", "2", "7"],
});

export const plain: fc.Arbitrary<Containers> = fc.constant({ containers: [{ name: "main-0", image }] });

/** Claims by template and by name; one that no container uses must be allocated all the same. */
export const claiming: fc.Arbitrary<Containers> = fc
  .uniqueArray(fc.constantFrom(...Object.keys(claimTemplates), sharedClaim), { minLength: 1, maxLength: 2 })
  .chain((sources) => {
    const resourceClaims: readonly PodResourceClaim[] = sources.map((source) =>
      source === sharedClaim
        ? { name: source, resourceClaimName: source }
        : { name: source, resourceClaimTemplateName: source },
    );
    return fc.subarray([...sources]).map((used) => ({
      resourceClaims,
      containers: [{ name: "main-0", image, resources: { claims: used.map((name) => ({ name })) } }],
    }));
  });
