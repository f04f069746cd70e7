import { expect, test } from "vitest";
import { contextOf, nodeOf, podOf, Shelf } from "../../../test/support/binding/shelves.ts";
import { nvidia, unknown } from "../../../test/support/hardware/devices.ts";
import type { AllocatedDevice } from "../../hardware/devices/device.ts";
import { formatFeature } from "../../hardware/feature.ts";
import { reviewPod } from "../../rewriting/reviewed-pod.ts";
import { reselect } from "../reselect.ts";
import type { PodDevices } from "./devices.ts";
import { DeviceLandings } from "./landing.ts";

const devices = (given: readonly AllocatedDevice[] | undefined, doubt?: string): PodDevices => ({
  containers: new Map([["main", { devices: given, labels: "none" }]]),
  ...(doubt === undefined ? {} : { doubt }),
});
const node = nodeOf("n", ["cpu:skylake", "nvcap:7.0"]);
const mine = (made: ReturnType<DeviceLandings["with"]>) => made.containers?.get("main");

test("equal devices on equal profiles share their landings; the node's own stay as they are", () => {
  const landings = new DeviceLandings();
  const one = landings.with(node, devices([nvidia("9.0.0")]), []);
  const two = landings.with(node, devices([nvidia("9.0.0"), nvidia("9.0.0")]), []);
  const other = landings.with(node, devices([nvidia("7.0.0")]), []);
  expect(mine(one)?.landings).toBe(mine(two)?.landings);
  expect(mine(one)?.landings).not.toBe(mine(other)?.landings);
  expect(one.landings).toBe(node.landings);
  const [landing] = mine(one)?.landings ?? [];
  expect(landing?.profile.features.map(formatFeature)).toContain("nvcap:9.0");
  expect(landing?.machineTypes).toEqual(["type-n"]);
});

test("what all nodes have in common counts the devices too", () => {
  const wide = nodeOf("n", ["cpu:skylake", "nvcap:7.0"], ["cpu:broadwell"]);
  const made = mine(new DeviceLandings().with(wide, devices([nvidia("9.0.0")]), []));
  expect(made?.candidates).toHaveLength(3);
  const alone = mine(new DeviceLandings().with({ ...node, candidates: node.landings }, devices([]), []));
  expect(alone?.candidates).toBe(alone?.landings);
});

test.each<[string, PodDevices, string | undefined]>([
  ["what could not be read", devices(undefined, "no right to read"), "no right to read"],
  ["a device that no slice has", devices([unknown("gpu.nvidia.com")]), 'device "gpu-0" of "gpu.nvidia.com"'],
  ["a doubt of another container", devices([nvidia("9.0.0")], "no right to read"), undefined],
])("a doubt: %s", (_, given, expected) => {
  const doubt = mine(new DeviceLandings().with(node, given, []))?.doubt;
  if (expected === undefined) expect(doubt).toBeUndefined();
  else expect(doubt).toContain(expected);
});

test("each container is judged by what it gets", async () => {
  const shelf = new Shelf();
  shelf.add("gpu", "cpu:skylake", "nvcap:7.0", "nvcap:9.0");
  const containers = ["main", "side"].map((name) => ({ name, image: "gpu" }));
  const pod = reviewPod(podOf("p", "gpu", { spec: { containers } }));
  const asking = { namespace: "default", signal: AbortSignal.timeout(5_000), now: new Date(0) };
  const chosen = async (given: PodDevices) => {
    const found = await reselect(pod, new DeviceLandings().with(node, given, []), contextOf(shelf), asking);
    return found.map(({ write, doubt }) => [write?.note.requires, doubt]);
  };
  expect(await chosen(devices([nvidia("9.0.0")]))).toEqual([
    ["nvcap:9.0", undefined],
    ["cpu:skylake", undefined],
  ]);
  expect(await chosen(devices(undefined, "why"))).toEqual([
    ["cpu:skylake", "why"],
    ["cpu:skylake", undefined],
  ]);
});
