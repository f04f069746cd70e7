import type { Container, Pod } from "../api/pod.ts";
import { isImplicitResource } from "../placement/requests.ts";

/** Where an image reference stands in a Pod. */
export interface ImagePlace {
  readonly kind: "containers" | "initContainers" | "ephemeralContainers" | "volumes";
  /** Of the container or the volume. Unique among the Pod's containers; volumes have names of their own. */
  readonly name: string;
  /** JSON Pointer (RFC 6901) of the reference, e.g. `/spec/containers/0/image`. */
  readonly pointer: string;
  readonly image: string;
  /** True where the container asks for an accelerator, so that accelerator features read from labels count. */
  readonly accelerated: boolean;
  /** True where its devices are, or may be, given to it by DRA: which they are is known only when the Pod is bound. */
  readonly allocated: boolean;
  /** True where they are for certain, since it has ResourceClaims or asks for a DeviceClass by its implicit name. */
  readonly claims: boolean;
  /** True where the API server lets nobody change the reference once it is there: image volumes, ephemeral containers. */
  readonly fixed: boolean;
}

/**
 * Resources whose request gives a container an accelerator: the NVIDIA device plugin's whole and MIG devices and its
 * renamed shared ones, AMD's device plugin, Intel's (docs: nvidia k8s-device-plugin "shared access", amd
 * k8s-device-plugin, intel-device-plugins-for-kubernetes).
 */
const acceleratorResource = /^(nvidia\.com\/(gpu|mig-)|amd\.com\/gpu|gpu\.intel\.com\/)/;

const noResources: ReadonlySet<string> = new Set();

/**
 * Every image reference of a Pod, in the order of its fields. Entries without an image are left out. `served`: extended
 * resources that a DeviceClass serves.
 */
export function imagePlaces(pod: Pod, served: ReadonlySet<string> = noResources): readonly ImagePlace[] {
  const override = pod.metadata.annotations?.["metahub.dev/accelerators"];
  const accelerated = (container: Container): boolean =>
    override === "always" || (override !== "never" && getsAccelerator(container));
  const places: ImagePlace[] = [];
  for (const kind of ["initContainers", "containers", "ephemeralContainers"] as const) {
    for (const [index, container] of (pod.spec[kind] ?? []).entries()) {
      const { name, image } = container;
      if (image === undefined || image === "") continue;
      const pointer = `/spec/${kind}/${index}/image`;
      const fixed = kind === "ephemeralContainers";
      const allocated = override !== "never" && getsAllocated(container, served);
      const claims = override !== "never" && getsAllocated(container, noResources);
      places.push({ kind, name, pointer, image, accelerated: accelerated(container), allocated, claims, fixed });
    }
  }
  for (const [index, volume] of (pod.spec.volumes ?? []).entries()) {
    const image = volume.image?.reference;
    if (image === undefined || image === "") continue;
    const pointer = `/spec/volumes/${index}/image/reference`;
    places.push({
      kind: "volumes",
      name: volume.name,
      pointer,
      image,
      accelerated: override === "always",
      allocated: false,
      claims: false,
      fixed: true,
    });
  }
  return places;
}

/** Whether DRA is, or may be, what gives the container its devices (KEP-4381; KEP-5004 for extended resources). */
function getsAllocated({ resources }: Container, served: ReadonlySet<string>): boolean {
  if ((resources?.claims ?? []).length > 0) return true;
  return Object.entries({ ...resources?.limits, ...resources?.requests }).some(
    ([name, quantity]) => quantity !== "0" && (isImplicitResource(name) || served.has(name)),
  );
}

/** A device claim may be for any device: it counts, because a build for another accelerator is still never chosen. */
export function getsAccelerator(container: Container): boolean {
  const { requests, limits, claims } = container.resources ?? {};
  if (claims !== undefined && claims.length > 0) return true;
  for (const quantities of [requests, limits]) {
    for (const [resource, quantity] of Object.entries(quantities ?? {})) {
      if (acceleratorResource.test(resource) && quantity !== "0") return true;
    }
  }
  return false;
}
