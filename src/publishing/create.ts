import type { Feature } from "../hardware/feature.ts";
import type { Platform } from "../hardware/platform.ts";
import type { ImageOptions } from "../images/connect.ts";
import { formatImageName, type ImageName, parseImageName } from "../images/name.ts";
import { Registries } from "../images/registries.ts";
import { formatReference, parseReference, type Reference, repositoryName } from "../oci/reference.ts";
import { buildIndex, type IndexEntry } from "../oci/write-index.ts";
import type { CommandContext } from "../process/context.ts";
import { UsageError } from "../process/failure.ts";
import { type Build, buildFor, buildsOf } from "./builds.ts";
import { parseEntryOption, parsePriorities, readFeatures } from "./entry-option.ts";
import { refuseDigest, writeIndex } from "./write.ts";

/** An entry before its registry was asked. */
interface Wanted {
  readonly reference: Reference;
  entries(builds: readonly Build[]): readonly (IndexEntry & { readonly build: Build })[];
}

/** A list of builds, as a file has it. */
export interface IndexedList {
  /** The name under which the index is written. */
  readonly image: Reference;
  readonly tags: readonly string[];
  readonly entries: readonly IndexedEntry[];
}

interface IndexedEntry {
  readonly image: Reference;
  /** Absent: every build that is there, with its own. */
  readonly platform?: Platform;
  readonly features: readonly Feature[];
  readonly priority: number;
}

/** The parts that an index is made of. */
export interface CreateOptions {
  /** The list of builds that a file holds. */
  readonly list: IndexedList | undefined;
  /** `REF=FEATURES` each, after those of the list. */
  readonly entries: readonly string[];
  /** `REF=N` each, of the entries above. */
  readonly priorities: readonly string[];
  readonly tags: readonly string[];
  readonly form: "docker" | "oci";
  readonly images: ImageOptions;
}

/**
 * Writes an index of builds that are in registries already. `target` is a reference or `oci:DIR:TAG`; the list's own
 * name where it is undefined. Returns what was written, `repository@digest`. @throws UsageError, OciError, RegistryError
 */
export async function createIndex(
  target: string | undefined,
  options: CreateOptions,
  context: CommandContext,
): Promise<string> {
  const { list, form } = options;
  const wanted = [...(list === undefined ? [] : wantedOfList(list)), ...wantedOfOptions(options)];
  if (wanted.length === 0)
    throw new UsageError("say which builds the index is to list: -f LIST.yaml, or --entry REF=FEATURES");
  const name = targetOf(target, list);
  refuseDigest(name);
  refuseOtherRepositories(name, wanted);
  const tags = [...options.tags, ...(target === undefined ? (list?.tags ?? []) : [])];
  const references = wanted.map(({ reference }) => reference);
  const asked = name.kind === "reference" ? [...references, name.reference] : references;
  const registries = await Registries.open(asked, options.images, context);
  try {
    const found = await Promise.all(
      wanted.map(async ({ reference, entries }) => entries(await buildsOf(reference, registries))),
    );
    const entries = found.flat();
    const manifests = entries.map(({ build }) => build.bytes);
    return await writeIndex(name, buildIndex(entries, { form }), { tags, registries, manifests });
  } finally {
    await registries.close();
  }
}

function wantedOfList(list: IndexedList): readonly Wanted[] {
  return list.entries.map(({ image, platform, features, priority }) => ({
    reference: image,
    entries: (builds) => {
      if (platform === undefined) {
        return builds.map((build) => ({ ...build, features, priority, build }));
      }
      const build = buildFor(builds, platform, formatReference(image));
      return [{ descriptor: build.descriptor, platform, features, priority, build }];
    },
  }));
}

function wantedOfOptions(options: Pick<CreateOptions, "entries" | "priorities">): readonly Wanted[] {
  const priorities = new Map(parsePriorities(options.priorities));
  const wanted = options.entries.map((text): Wanted => {
    const option = parseEntryOption(text);
    const priority = priorities.get(option.what) ?? 0;
    priorities.delete(option.what);
    return {
      reference: parseReference(option.what),
      entries: (builds) =>
        builds.map((build) => {
          const features = readFeatures(option, build.platform.architecture);
          return { descriptor: build.descriptor, platform: build.platform, features, priority, build };
        }),
    };
  });
  const [unused] = priorities.keys();
  if (unused !== undefined) throw new UsageError(`--priority ${unused}: no --entry has this name`);
  return wanted;
}

function targetOf(target: string | undefined, list: IndexedList | undefined): ImageName {
  if (target !== undefined) return parseImageName(target);
  if (list !== undefined) return { kind: "reference", reference: list.image };
  throw new UsageError("say where the index is to be written: a reference, or oci:DIR:TAG");
}

/** A registry refuses an index whose entries its repository does not hold (distribution-spec, "Pushing Manifests"). */
function refuseOtherRepositories(name: ImageName, wanted: readonly Wanted[]): void {
  if (name.kind === "layout") return;
  const own = repositoryName(name.reference);
  for (const { reference } of wanted) {
    if (repositoryName(reference) === own) continue;
    throw new UsageError(
      `${formatReference(reference)} is not in the repository of ${formatImageName(name)}: copy it there first, ` +
        `e.g. with crane copy or skopeo copy, since an index can name only what its repository holds`,
    );
  }
}
