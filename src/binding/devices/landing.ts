import { LRUCache } from "lru-cache";
import type { AttributeMapping } from "../../hardware/devices/device.ts";
import { unknownDevice } from "../../hardware/devices/features.ts";
import { profileWithDevices } from "../../hardware/devices/profile.ts";
import type { PlacedProfile } from "../../placement/placement.ts";
import type { BoundNode } from "../reselection.ts";
import type { PodDevices } from "./devices.ts";

/** Distinct sets of devices on distinct profiles. */
const maxLandings = 1_024;

/** The offers of nodes to containers that get devices by DRA. */
export class DeviceLandings {
  /** One array for each offer, because verdicts are remembered by it. */
  readonly #landings = new LRUCache<string, readonly PlacedProfile[]>({ max: maxLandings });

  /** The node, with what it offers to each container that gets devices. */
  with(node: BoundNode, devices: PodDevices, mappings: readonly AttributeMapping[]): BoundNode {
    const containers = new Map<string, Pick<BoundNode, "landings" | "candidates" | "doubt">>();
    for (const [name, container] of devices.containers) {
      const landings = this.#shared(
        node.landings.map((landing) => {
          return { ...landing, profile: profileWithDevices(landing.profile, container, mappings) };
        }),
      );
      // For `strategy: common`, what the other nodes' labels say still counts.
      const candidates = node.candidates === node.landings ? landings : [...node.candidates, ...landings];
      const doubt = container.devices === undefined ? devices.doubt : unknownDevice(container.devices, mappings);
      containers.set(name, { landings, candidates, ...(doubt === undefined ? {} : { doubt }) });
    }
    return { ...node, containers };
  }

  #shared(made: readonly PlacedProfile[]): readonly PlacedProfile[] {
    const key = made.map(({ profile, machineTypes }) => `${profile.id} ${machineTypes.join(",")}`).join(";");
    const known = this.#landings.get(key);
    if (known === undefined) this.#landings.set(key, made);
    return known ?? made;
  }
}
