import { LRUCache } from "lru-cache";
import type { Inventory } from "../inventory/inventory.ts";
import type { NodeEntry, Snapshot } from "../inventory/snapshot.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import type { AskedPod } from "../rewriting/reviewed-pod.ts";
import type { BindingDevices } from "./devices/devices.ts";
import { DeviceLandings } from "./devices/landing.ts";
import type { BoundNode } from "./reselection.ts";

/** Milliseconds. A node that the scheduler knows and we do not is on its way to us: watches differ by milliseconds. */
const waitMs = 1_000;
/** Distinct profiles and machine types; thousands of nodes share a few. */
const maxLandings = 1_024;

/** Nodes as the choice at binding needs them. */
export class BindingNodes {
  readonly #inventory: Inventory;
  readonly #waitMs: number;
  readonly #devices: Pick<BindingDevices, "of"> | undefined;
  readonly #deviceLandings = new DeviceLandings();
  /** One array for each profile, because verdicts are remembered by it. */
  readonly #landings = new LRUCache<string, readonly PlacedProfile[]>({ max: maxLandings });

  constructor(
    inventory: Inventory,
    options: { readonly waitMs?: number; readonly devices?: Pick<BindingDevices, "of"> } = {},
  ) {
    this.#inventory = inventory;
    this.#devices = options.devices;
    this.#waitMs = options.waitMs ?? waitMs;
  }

  /** Whether the node is known, or gets known a moment later; after a start, as long as the signal allows. */
  async isKnown(name: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#snapshotWith(name, signal))?.nodes.has(name) === true;
  }

  /** Undefined where the node stays unknown. After a start it waits for the inventory as long as the signal allows. */
  async find(name: string, asked: AskedPod, signal: AbortSignal): Promise<BoundNode | undefined> {
    const snapshot = await this.#snapshotWith(name, signal);
    const entry = snapshot?.nodes.get(name);
    if (snapshot === undefined || entry === undefined) return undefined;
    const node = this.#place(name, asked, snapshot, entry);
    const devices = await this.#devices?.of(asked, entry.facts.allocatable, signal);
    if (devices === undefined) return node;
    const spec = snapshot.machineTypes.get(entry.machineType ?? "")?.resource.spec;
    return this.#deviceLandings.with(node, devices, spec?.deviceAttributes ?? []);
  }

  #place(name: string, { pod, options }: AskedPod, snapshot: Snapshot, entry: NodeEntry): BoundNode {
    const landings = this.#landingsOf(entry);
    if (options.strategy !== "common") return { name, landings, candidates: landings };
    const { profiles } = snapshot.placement.place(pod);
    const known = profiles.some(({ profile }) => profile.id === entry.profile.id);
    return { name, landings, candidates: known ? profiles : [...profiles, ...landings] };
  }

  async #snapshotWith(name: string, signal: AbortSignal): Promise<Snapshot | undefined> {
    const first = this.#inventory.snapshot();
    if (first?.nodes.has(name) === true || signal.aborted) return first;
    return await new Promise((resolve) => {
      const end = (snapshot: Snapshot | undefined): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        off();
        resolve(snapshot);
      };
      const giveUp = (): void => end(this.#inventory.snapshot());
      // Before the first snapshot nothing is known of any node, and the deadline is the only bound.
      const timer = first === undefined ? undefined : setTimeout(giveUp, this.#waitMs);
      const off = this.#inventory.onChange((snapshot) => {
        if (snapshot.nodes.has(name) || first === undefined) end(snapshot);
      });
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  #landingsOf({ facts, profile, machineType }: NodeEntry): readonly PlacedProfile[] {
    const key = `${profile.id} ${machineType ?? ""}`;
    const known = this.#landings.get(key);
    if (known !== undefined && known[0]?.profile === profile) return known;
    const machineTypes = machineType === undefined ? [] : [machineType];
    const made = [
      { profile, machineTypes, nodes: 1, templates: 0, example: { kind: "node" as const, name: facts.name } },
    ];
    this.#landings.set(key, made);
    return made;
  }
}
