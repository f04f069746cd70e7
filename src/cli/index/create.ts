import { type ManifestList, parseManifestList } from "../../oci/manifestlist.ts";
import { formatReference, parseReference, type Reference, repositoryName } from "../../oci/reference.ts";
import { buildIndex, type IndexEntry } from "../../oci/writeindex.ts";
import type { CommandContext, ExitCode } from "../context.ts";
import { UsageError } from "../failure.ts";
import type { Given } from "../images/given.ts";
import { formatImageName, type ImageName, parseImageName } from "../images/name.ts";
import { imageOptions } from "../images/options.ts";
import { readSources } from "../rewrite/sources.ts";
import { safeText } from "../terminal-text.ts";
import { type Build, buildFor, buildsOf } from "./builds.ts";
import { parseEntryOption, parsePriorities, readFeatures } from "./entry-option.ts";
import { Registries } from "./registries.ts";
import { refuseDigest, writeIndex } from "./write.ts";

/** An entry before its registry was asked. */
interface Wanted {
  readonly reference: Reference;
  entries(builds: readonly Build[]): readonly (IndexEntry & { readonly build: Build })[];
}

/** `metahub index create [TARGET]`. @throws UsageError, OciError, RegistryError */
export async function createIndex(
  target: string | undefined,
  given: Given,
  context: CommandContext,
): Promise<ExitCode> {
  const list = await readList(given.text("filename"), context);
  const wanted = [...(list === undefined ? [] : wantedOfList(list)), ...wantedOfOptions(given)];
  if (wanted.length === 0)
    throw new UsageError("say which builds the index is to list: -f LIST.yaml, or --entry REF=FEATURES");
  const name = targetOf(target, list);
  refuseDigest(name);
  refuseOtherRepositories(name, wanted);
  const tags = [...given.texts("tag"), ...(target === undefined ? (list?.tags ?? []) : [])];
  const references = wanted.map(({ reference }) => reference);
  const asked = name.kind === "reference" ? [...references, name.reference] : references;
  const registries = await Registries.open(asked, imageOptions(given), context);
  try {
    const found = await Promise.all(
      wanted.map(async ({ reference, entries }) => entries(await buildsOf(reference, registries))),
    );
    const entries = found.flat();
    const index = buildIndex(entries, { form: given.flag("docker") ? "docker" : "oci" });
    const manifests = entries.map(({ build }) => build.bytes);
    const written = await writeIndex(name, index, { tags, registries, manifests });
    context.stdout.write(`${written}\n`);
    return 0;
  } finally {
    await registries.close();
  }
}

async function readList(path: string | undefined, context: CommandContext): Promise<ManifestList | undefined> {
  if (path === undefined) return undefined;
  const [source, ...more] = await readSources([path], context);
  if (source === undefined || more.length > 0) throw new UsageError(`-f ${path}: one manifest list was expected`);
  const list = parseManifestList(source.text);
  for (const warning of list.warnings) context.stderr.write(`metahub: ${safeText(`${path}: ${warning}`)}\n`);
  return list;
}

function wantedOfList(list: ManifestList): readonly Wanted[] {
  return list.entries.map(({ image, platform, features, priority }) => ({
    reference: image,
    entries: (builds) => {
      const build = buildFor(builds, platform, formatReference(image));
      return [{ descriptor: build.descriptor, platform, features, priority, build }];
    },
  }));
}

function wantedOfOptions(given: Given): readonly Wanted[] {
  const priorities = new Map(parsePriorities(given.texts("priority")));
  const wanted = given.texts("entry").map((text): Wanted => {
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

function targetOf(target: string | undefined, list: ManifestList | undefined): ImageName {
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
