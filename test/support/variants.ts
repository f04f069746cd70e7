import { parseFeatures } from "../../src/hardware/parse.ts";
import { normalizePlatform, type Platform } from "../../src/hardware/platform.ts";
import type { Variant } from "../../src/oci/variant.ts";
import type { Machine } from "../../src/selection/select.ts";
import type { Selection } from "../../src/selection/selection.ts";
import { annotated, digestOf, readEntries } from "./oci/indexes.ts";

/** `linux/amd64/v3` */
function platform(text: string): Platform {
  const [os = "", architecture = "", variant] = text.split("/");
  return normalizePlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}

/** A machine, with features as their owner spells them; linux/amd64 unless the first one is a platform. */
export function machine(...texts: readonly string[]): Machine {
  const [first = ""] = texts;
  const given = /^(linux|windows|wasip1)\//.test(first);
  const at = platform(given ? first : "linux/amd64");
  const features = texts.slice(given ? 1 : 0).flatMap((text) => parseFeatures(text, { architecture: at.architecture }));
  return { platform: at, features };
}

/** What a build of a test says of itself. */
export interface Build {
  readonly name: string;
  readonly features?: string;
  readonly platform?: string;
  readonly priority?: number;
  readonly format?: Variant["format"];
}

/** Variants as they are read from an index with these builds. */
export function variants(...builds: readonly (Build | string)[]): readonly Variant[] {
  const all = builds.map((build): Build => (typeof build === "string" ? { name: build, features: build } : build));
  const entries = all.map((build) => {
    const [os, architecture, variant] = (build.platform ?? "linux/amd64").split("/");
    return annotated(build.name, build.features ?? "", { os, architecture, variant });
  });
  return readEntries(...entries).variants.map((variant, index) => ({
    ...variant,
    priority: all[index]?.priority ?? 0,
    format: all[index]?.format ?? "plain",
  }));
}

/** The name of the build that was selected. */
export function chosen(selection: Selection, builds: readonly (Build | string)[]): string | null {
  return selection.selected === null ? null : nameOf(selection.selected, builds);
}

export function nameOf(variant: Variant, builds: readonly (Build | string)[]): string {
  const names = builds.map((build) => (typeof build === "string" ? build : build.name));
  return names.find((name) => digestOf(name) === variant.digest) ?? variant.digest;
}
