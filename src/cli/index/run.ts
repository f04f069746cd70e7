import type { ImageOptions } from "../../images/connect.ts";
import { formatImageName, type ImageName, parseImageName } from "../../images/name.ts";
import { openImages } from "../../images/open.ts";
import { Registries } from "../../images/registries.ts";
import { readSources } from "../../manifests/sources.ts";
import { parseManifestList } from "../../oci/manifest-list.ts";
import type { Reference } from "../../oci/reference.ts";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { annotateIndex, namesEntry } from "../../publishing/annotate.ts";
import { type CreateOptions, createIndex } from "../../publishing/create.ts";
import { parseEntryOption, parsePriorities } from "../../publishing/entry-option.ts";
import { pushLayout } from "../../publishing/push.ts";
import { readDocumentOf } from "../../publishing/read.ts";
import { refuseDigest, writeIndex } from "../../publishing/write.ts";
import { Given } from "../input/given.ts";
import { imageOptions } from "../input/image-options.ts";
import { terminalOf } from "../terminal/terminal.ts";
import { safeText } from "../terminal/text.ts";
import { indexedList, isResource } from "./indexed-list.ts";
import { inspectionJson, inspectionTable } from "./inspect.ts";

/** `metahub index create`. @throws UsageError, OciError, RegistryError */
export async function create(target: string | undefined, options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const made: CreateOptions = {
    list: await readList(given.text("filename"), context),
    entries: given.texts("entry"),
    priorities: given.texts("priority"),
    tags: given.texts("tag"),
    form: given.flag("docker") ? "docker" : "oci",
    images: imageOptions(given),
  };
  context.stdout.write(`${await createIndex(target, made, context)}\n`);
  return 0;
}

async function readList(path: string | undefined, context: CommandContext): Promise<CreateOptions["list"]> {
  if (path === undefined) return undefined;
  const [source, ...more] = await readSources([path], context);
  if (source === undefined || more.length > 0) throw new UsageError(`-f ${path}: one manifest list was expected`);
  if (isResource(source.text)) return indexedList(source.text, path);
  const list = parseManifestList(source.text);
  for (const warning of list.warnings) context.stderr.write(`metahub: ${safeText(`${path}: ${warning}`)}\n`);
  return list;
}

/** `metahub index inspect`. @throws UsageError, OciError, RegistryError */
export async function inspect(image: string, options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const [opened] = await openImages([image], imageOptions(given), context);
  if (opened === undefined) throw new TypeError("one image was opened");
  const json = given.choice("output", ["table", "json"]) === "json";
  const text = json ? JSON.stringify(inspectionJson(opened), null, 2) : inspectionTable(opened, terminalOf(context));
  context.stdout.write(`${text}\n`);
  return 0;
}

/** `metahub index annotate`. Prints what was written. @throws UsageError, OciError, RegistryError */
export async function annotate(image: string, options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const entries = given.texts("entry").map(parseEntryOption);
  const priorities = parsePriorities(given.texts("priority"));
  if (entries.length + priorities.size === 0) throw new UsageError("say what is to change: --entry ENTRY=FEATURES");
  const name = parseImageName(image);
  const to = given.text("to");
  const target = to === undefined ? withoutDigest(name) : parseImageName(to);
  refuseDigest(target);
  return await withRegistries([name, target], imageOptions(given), context, async (registries) => {
    const document = await readDocumentOf(name, registries, context);
    const digests = await tagDigests([...entries.map(({ what }) => what), ...priorities.keys()], name, registries);
    const changed = annotateIndex(document, { entries, priorities, digests }, formatImageName(name));
    const written = await writeIndex(target, changed, { tags: [], registries, manifests: [] });
    context.stdout.write(`${written}\n`);
    return 0;
  });
}

/** `metahub index push`. Prints what was written. @throws UsageError, OciError, RegistryError */
export async function push(
  layout: string,
  target: string,
  options: unknown,
  context: CommandContext,
): Promise<ExitCode> {
  const given = new Given(options);
  const from = parseImageName(layout);
  const to = parseImageName(target);
  if (from.kind !== "layout" || to.kind !== "reference") {
    throw new UsageError("expected a layout and a reference: metahub index push oci:DIR[:TAG] ghcr.io/team/app:v1");
  }
  refuseDigest(to);
  return await withRegistries([to], imageOptions(given), context, async (registries) => {
    if (registries === undefined) throw new TypeError("a registry was opened for the target");
    const document = await readDocumentOf(from, registries, context);
    await pushLayout(from, document, to.reference, registries, context);
    const written = await writeIndex(to, document, { tags: given.texts("tag"), registries, manifests: [] });
    context.stdout.write(`${written}\n`);
    return 0;
  });
}

async function withRegistries(
  names: readonly ImageName[],
  options: ImageOptions,
  context: CommandContext,
  act: (registries: Registries | undefined) => Promise<ExitCode>,
): Promise<ExitCode> {
  const references = names.flatMap((name): readonly Reference[] => (name.kind === "reference" ? [name.reference] : []));
  const registries = references.length === 0 ? undefined : await Registries.open(references, options, context);
  try {
    return await act(registries);
  } finally {
    await registries?.close();
  }
}

/** Digests of the entries that are named by a tag of the index's own repository, by that tag. */
async function tagDigests(
  texts: readonly string[],
  name: ImageName,
  registries: Registries | undefined,
): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  if (name.kind !== "reference" || registries === undefined) return digests;
  const { digest: _, ...reference } = name.reference;
  for (const text of texts) {
    if (namesEntry(text) || !/^\w[\w.-]{0,127}$/.test(text)) continue;
    digests.set(text, (await registries.resolve({ ...reference, tag: text })).digest);
  }
  return digests;
}

/** An index that was named by digest is written under its tag, or else `--to` must say under which. */
function withoutDigest(name: ImageName): ImageName {
  if (name.kind === "layout") {
    if (name.digest === undefined) return name;
  } else {
    const { digest, ...reference } = name.reference;
    if (digest === undefined || reference.tag !== undefined) return { kind: "reference", reference };
  }
  throw new UsageError(`${formatImageName(name)}: say with --to under which tag the changed index is to be written`);
}
