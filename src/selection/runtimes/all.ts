import { formatPlatform, type Platform } from "../../hardware/platform.ts";
import type { WrittenEntry } from "../../oci/written.ts";
import { takenByContainerd2, takenByContainerd16, takenByContainerd17 } from "./containerd.ts";
import { takenByCriO } from "./cri-o.ts";
import { takenByDocker28, takenByDocker29 } from "./docker.ts";
import type { Taken, Takes } from "./taken.ts";

/**
 * The contents that runtimes of clusters take of an index on these hosts. `named` is containerd 2's choice for each host, `others`
 * that of all others which try all that containerd does, `criO` that of CRI-O, which does not.
 */
export interface TakenByAll {
  readonly named: readonly Taken[];
  readonly others: readonly Taken[];
  readonly criO: readonly Taken[];
}

export function takenByAll(entries: readonly WrittenEntry[], hosts: readonly Platform[]): TakenByAll {
  const by = (takes: Takes, on = hosts) => on.map((host) => takes(entries, host));
  const levels = [...hosts, ...hosts.flatMap(highestLevel)];
  return {
    named: by(takenByContainerd2),
    others: [
      ...by(takenByContainerd17),
      ...by(takenByContainerd16),
      ...by(takenByDocker28, levels),
      ...by(takenByDocker29, levels),
    ],
    criO: by(takenByCriO),
  };
}

/** Docker detects an amd64 host's level, which nobody told us for sure: it may be any up to the highest. */
function highestLevel(host: Platform): readonly Platform[] {
  return host.architecture === "amd64" && host.os !== "windows" ? [{ ...host, variant: "v4" }] : [];
}

/** Different hosts, as runtimes tell them apart. */
export function distinctHosts(platforms: readonly Platform[]): readonly Platform[] {
  const hosts = new Map(platforms.map((platform) => [`${formatPlatform(platform)} ${platform.osVersion}`, platform]));
  return [...hosts.values()];
}
