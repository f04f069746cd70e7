import { listLimits as limits } from "../api/list-rules.ts";
import type { ListCondition, ListedEntryStatus, ManifestListStatus } from "../api/manifest-list.ts";
import { formatFeature } from "../hardware/feature.ts";
import { formatPlatform } from "../hardware/platform.ts";
import { formatReference } from "../oci/reference.ts";
import { few } from "../text/few.ts";
import { shorten } from "../text/shorten.ts";
import type { ListBook } from "./book.ts";
import type { ListedResource } from "./listed-resource.ts";
import type { ResolvedEntry } from "./resolve.ts";

export interface ListStatusInput {
  readonly listed: ListedResource;
  readonly book: ListBook;
  readonly resolved: readonly ResolvedEntry[];
  readonly now: Date;
}

/** Milliseconds between two writes that only say when a registry answered last. */
const coarseMs = 3_600_000;
/** Tags and builds that a message names. */
const named = 4;

/**
 * The status of a list. A later time alone is told once an hour, so that an unchanged list is not written at each look.
 */
export function computeListStatus({ listed, book, resolved, now }: ListStatusInput): ManifestListStatus {
  const { generation, status, list } = listed;
  const time = `${now.toISOString().slice(0, 19)}Z`;
  const before = new Map(status?.entries?.map((entry) => [entry.image, entry]));
  const entries = resolved.slice(0, limits.statusEntryItems).map((one) => {
    const image = formatReference(one.entry.image);
    return entryStatus(image, one, before.get(image), time);
  });
  const verdicts = [ready(resolved), conflict(list, book)];
  return {
    observedGeneration: generation,
    builds: `${resolved.filter(isWhole).length}/${resolved.length}`,
    entries,
    conditions: verdicts.map((verdict): ListCondition => {
      const earlier = status?.conditions?.find(({ type }) => type === verdict.type);
      const since = earlier?.status === verdict.status ? earlier.lastTransitionTime : time;
      return { ...verdict, observedGeneration: generation, lastTransitionTime: since };
    }),
  };
}

function isWhole({ error, incomplete }: ResolvedEntry): boolean {
  return error === undefined && incomplete !== true;
}

type Verdict = Pick<ListCondition, "type" | "status" | "reason" | "message">;

function ready(resolved: readonly ResolvedEntry[]): Verdict {
  const type = "Ready";
  const failed = resolved.filter(({ error }) => error !== undefined);
  const partial = resolved.filter(({ incomplete }) => incomplete === true);
  if (failed.length === 0 && partial.length > 0) {
    const images = partial.map(({ entry }) => formatReference(entry.image));
    const message = `not all of these could be read now, and more builds of them may count later: ${few(images, named)}`;
    return { type, status: "Unknown", reason: "NotWhole", message };
  }
  if (failed.length === 0) {
    return { type, status: "True", reason: "AllFound", message: "every build was found, and counts" };
  }
  const names = few(
    failed.map(({ entry }) => formatReference(entry.image)),
    named,
  );
  const message = `${names}: see status.entries for the reason`;
  if (failed.every(({ temporary }) => temporary === true)) {
    return { type, status: "Unknown", reason: "NotAnswered", message: `no answer about ${message}` };
  }
  const reason = failed.length === resolved.length ? "NoneCounts" : "SomeDoNotCount";
  return { type, status: "False", reason, message: `these do not count: ${message}` };
}

function conflict(list: ListedResource["list"], book: ListBook): Verdict {
  const type = "Conflict";
  const found = book.conflict(list);
  if (found === undefined) {
    const message = "no older list of its kind speaks for a name of it in the same place";
    return { type, status: "False", reason: "Alone", message };
  }
  const what = found.tags.length === 0 ? "every tag" : few(found.tags, named);
  const message = `${found.winner.shown} is older and speaks for ${what} of ${list.repository}: there this one does not count`;
  return { type, status: "True", reason: "OlderList", message };
}

function entryStatus(
  image: string,
  { digest, variants, error, temporary }: ResolvedEntry,
  before: ListedEntryStatus | undefined,
  time: string,
): ListedEntryStatus {
  const text = (value: string): string => shorten(value, limits.statusTextLength);
  const answered = digest !== undefined || (error !== undefined && temporary === false);
  const last = answered ? time : before?.lastResolved;
  const platforms = [...new Set(variants.map(({ platform }) => formatPlatform(platform)))];
  const now: ListedEntryStatus = {
    image,
    ...(digest === undefined ? {} : { digest }),
    ...(platforms.length === 0 ? {} : { platform: text(platforms.join(", ")) }),
    ...(variants.length === 0 ? {} : { requires: common(variants).map(text).slice(0, limits.statusRequiresItems) }),
    ...(error === undefined ? {} : { error: text(error) }),
  };
  const kept = before !== undefined && isSame(now, before) && isYoung(before.lastResolved, time);
  const lastResolved = kept ? before.lastResolved : last;
  return { ...now, ...(lastResolved === undefined ? {} : { lastResolved }) };
}

/** The groups that all builds of an entry require: `nvcap:8.0|nvcap:9.0`. */
function common(variants: ResolvedEntry["variants"]): readonly string[] {
  const [first = [], ...others] = variants.map(({ requires }) =>
    requires.map((group) => group.map(formatFeature).join("|")),
  );
  return first.filter((text) => others.every((other) => other.includes(text)));
}

function isSame(one: ListedEntryStatus, { lastResolved: _, ...other }: ListedEntryStatus): boolean {
  const sorted = (entry: ListedEntryStatus) => JSON.stringify(Object.entries(entry).sort());
  return sorted(one) === sorted(other);
}

function isYoung(before: string | undefined, time: string): boolean {
  return before !== undefined && Date.parse(time) - Date.parse(before) < coarseMs;
}
