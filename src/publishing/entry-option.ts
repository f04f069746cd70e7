import { HardwareError } from "../hardware/error.ts";
import type { Feature } from "../hardware/feature.ts";
import { parseFeatureList } from "../hardware/parse.ts";
import { UsageError } from "../process/failure.ts";

/** `--entry WHAT=FEATURES`, before anybody knows which architecture the entry is for. */
export interface EntryOption {
  /** A reference for `create`, a selector for `annotate`. */
  readonly what: string;
  /** As written; empty requires nothing. */
  readonly features: string;
}

/** Reads `repo:tag=cpu:skylake,nvcap:9.0`; what has no `=` requires nothing. @throws UsageError */
export function parseEntryOption(text: string): EntryOption {
  const equals = text.indexOf("=");
  const what = (equals === -1 ? text : text.slice(0, equals)).trim();
  if (what === "")
    throw new UsageError(`--entry ${text}: expected ENTRY=FEATURES, e.g. qnib/bench:skylake=cpu:skylake`);
  return { what, features: equals === -1 ? "" : text.slice(equals + 1).trim() };
}

/** The features of an entry for that architecture, canonical. @throws UsageError with the text that is wrong */
export function readFeatures({ what, features }: EntryOption, architecture: string): readonly Feature[] {
  try {
    return parseFeatureList(features, { architecture });
  } catch (error) {
    if (!(error instanceof HardwareError)) throw error;
    throw new UsageError(`--entry ${what}=${features}: ${error.message}`, { cause: error });
  }
}

/** Reads `--priority WHAT=N` of several entries, by what. @throws UsageError */
export function parsePriorities(texts: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    texts.map((text) => {
      const [, what, digits] = /^(.+)=(-?\d{1,7})$/.exec(text) ?? [];
      if (what === undefined || digits === undefined || Math.abs(Number(digits)) > 1_000_000) {
        throw new UsageError(`--priority ${text}: expected ENTRY=N, a whole number from -1000000 to 1000000`);
      }
      return [what, Number(digits)] as const;
    }),
  );
}
