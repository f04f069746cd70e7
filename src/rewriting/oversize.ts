/** Containers and volumes of a Pod. The largest that run have some dozens, and the kubelet starts one after another. */
const mostContainers = 1_024;
/** Values in what decides on where a Pod can land: selectors, tolerations, claims, requests. */
const mostValues = 16_384;

/**
 * Why a Pod is left as written before anything of it is parsed: so much of it is read that a review would hold up those
 * of everybody else. Undefined for all that anybody could run. `object` is a Pod as it came, of any shape.
 */
export function oversize(object: unknown): string | undefined {
  const spec = member(object, "spec");
  const containers = ["containers", "initContainers", "ephemeralContainers"].flatMap((kind) =>
    list(member(spec, kind)),
  );
  const count = containers.length + list(member(spec, "volumes")).length;
  if (count > mostContainers) {
    return `it has ${count} containers and volumes, at most ${mostContainers} are looked at; its images are left as written`;
  }
  const read = [
    member(member(spec, "affinity"), "nodeAffinity"),
    ...["nodeSelector", "tolerations", "resourceClaims", "imagePullSecrets", "schedulingGates"].map((name) =>
      member(spec, name),
    ),
    ...containers.map((container) => member(container, "resources")),
  ];
  return countValues(read, mostValues) > mostValues
    ? `what says where it can land has more than ${mostValues} values; its images are left as written`
    : undefined;
}

/** The values in these, those that hold others counted too; counts no further than just beyond `most`. */
function countValues(roots: readonly unknown[], most: number): number {
  const open: unknown[] = roots.filter((root) => root !== undefined);
  let count = 0;
  while (open.length > 0 && count <= most) {
    const value = open.pop();
    count += 1;
    if (typeof value !== "object" || value === null) continue;
    // A list of the names of a map with very many would cost as much as what it counts.
    for (const name in value) {
      if (count + open.length > most) return count + open.length;
      open.push(Reflect.get(value, name));
    }
  }
  return count;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
