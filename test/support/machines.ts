import type { Machine } from "../../src/explaining/machine.ts";
import type { AskedImage } from "../../src/explaining/rows.ts";
import { internProfile } from "../../src/hardware/nodes/intern.ts";
import { offerOfNode } from "../../src/hardware/nodes/offer.ts";
import { readIndex } from "../../src/oci/flatten.ts";
import { digestOf, indexBytes } from "./oci/indexes.ts";

/** A node of linux/amd64 that declares the first list, and says the second by labels. */
export function nodeWith(name: string, declared: string, labels: Readonly<Record<string, string>> = {}): Machine {
  return { kind: "Node", name, profiles: [profileOf(declared, labels)] };
}

/** A machine type whose nodes offer these lists. */
export function typeWith(name: string, ...lists: readonly string[]): Machine {
  return { kind: "MachineType", name, profiles: lists.map((list) => profileOf(list, {})) };
}

function profileOf(declared: string, labels: Readonly<Record<string, string>>) {
  const facts = { labels, allocatable: {}, operatingSystem: "linux", architecture: "amd64", kernelVersion: "" };
  return internProfile(offerOfNode(facts, { features: declared.split(",").filter((text) => text !== "") }));
}

/** An image with these index entries. */
export function imageOf(...entries: readonly unknown[]): AskedImage {
  const bytes = indexBytes(entries);
  const list = readIndex(bytes);
  if (!list.complete) throw new Error("something is nested in it");
  return { shown: "qnib/bench:latest", digest: digestOf("index"), list };
}
