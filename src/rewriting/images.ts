import type { Container, Pod, Volume } from "../api/pod.ts";
import type { PodOptions } from "../api/pod-options.ts";
import { isImplicitResource } from "../placement/requests.ts";
import { fractionContainer } from "./gpu-fraction.ts";

/** Where an image reference stands in a Pod. */
export interface ImagePlace {
  readonly kind: "containers" | "initContainers" | "ephemeralContainers" | "volumes";
  /** The container's or the volume's. Unique among the Pod's containers; volumes have names of their own. */
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
 * renamed shared ones, Volcano's shares of NVIDIA GPUs, AMD's device plugin, Intel's (docs: nvidia k8s-device-plugin
 * "shared access", Project-HAMi/volcano-vgpu-device-plugin, amd k8s-device-plugin, intel-device-plugins-for-kubernetes).
 */
const acceleratorResource = /^(nvidia\.com\/(gpu|mig-)|volcano\.sh\/vgpu-number$|amd\.com\/gpu|gpu\.intel\.com\/)/;

const noResources: ReadonlySet<string> = new Set();

/**
 * Every image reference of a Pod, in the order of its fields. Entries without an image are left out. `served`: extended
 * resources that a DeviceClass serves.
 */
export function imagePlaces(
  pod: Pod,
  { accelerators }: Pick<PodOptions, "accelerators">,
  served: ReadonlySet<string> = noResources,
): readonly ImagePlace[] {
  const { spec } = pod;
  const sharing = fractionContainer(pod);
  const places: ImagePlace[] = [];
  for (const kind of ["initContainers", "containers", "ephemeralContainers"] as const) {
    for (const [index, container] of (spec[kind] ?? []).entries()) {
      const { name, image } = container;
      if (image === undefined || image === "") continue;
      const pointer = `/spec/${kind}/${index}/image`;
      const accelerated = countsAccelerators(container, accelerators, sharing);
      const claims = accelerators !== "never" && getsAllocated(container, noResources);
      const allocated = claims || (accelerators !== "never" && served.size > 0 && getsAllocated(container, served));
      places.push({
        kind,
        name,
        pointer,
        image,
        accelerated,
        allocated,
        claims,
        fixed: kind === "ephemeralContainers",
      });
    }
  }
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    const place = volumePlace(volume, index, accelerators === "always");
    if (place !== undefined) places.push(place);
  }
  return places;
}

function volumePlace({ name, image }: Volume, index: number, accelerated: boolean): ImagePlace | undefined {
  const reference = image?.reference;
  if (reference === undefined || reference === "") return undefined;
  const pointer = `/spec/volumes/${index}/image/reference`;
  return {
    kind: "volumes",
    name,
    pointer,
    image: reference,
    accelerated,
    allocated: false,
    claims: false,
    fixed: true,
  };
}

function countsAccelerators(
  container: Container,
  accelerators: PodOptions["accelerators"],
  sharing: string | undefined,
): boolean {
  if (accelerators !== "requested") return accelerators === "always";
  return getsAccelerator(container) || (sharing !== undefined && container.name === sharing);
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
