import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { parseManifestList } from "../../src/oci/manifest-list.ts";
import { parseReference, type Reference } from "../../src/oci/reference.ts";
import { buildIndex, type IndexEntry } from "../../src/oci/write-index.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { pushImage } from "../../src/registry/push.ts";
import { type TarFile, tar } from "../support/registry/tar.ts";

const examples = join(import.meta.dirname, "../../examples");

/** What the builds of `qnib/bench` are, and where. */
export interface PublishedBuilds {
  /** `qnib/bench:latest`: the index. */
  readonly index: Descriptor;
  /** Digest of a build → the tag that it was pushed under. */
  readonly tags: ReadonlyMap<string, string>;
}

/** A program for the containers, where they are to run: a static binary that prints the text it is given. */
export interface Printer {
  readonly binary: Uint8Array;
  /** Whether it ends when it has printed. Default: it waits to be ended, as a Pod's should. */
  readonly once?: boolean;
  /** Further files of each image, which runtimes without a root look for. */
  readonly files?: readonly TarFile[];
}

/**
 * Pushes every build of examples/manifest-list-2019.yaml and `:generic` as images of their own, then an index that
 * carries what each requires, as `qnib/bench:latest`. `host` stands in for docker.io, by plain
 * HTTP unless `ca` (PEM) is the authority of its certificate.
 */
export async function publishBuilds(
  host: string,
  printer: Printer | undefined,
  signal: AbortSignal,
  ca?: string,
): Promise<PublishedBuilds> {
  const list = parseManifestList(await readFile(join(examples, "manifest-list-2019.yaml"), "utf8"));
  const client = new RegistryClient({
    mirrors: new Map([["docker.io", host]]),
    ...(ca === undefined ? { plainHttp: (asked) => asked === host } : { plainHttp: () => false, ca }),
  });
  const access = { credentials: undefined, signal };
  const tags = new Map<string, string>();
  const push = async (reference: Reference, prints: string): Promise<Descriptor> => {
    const tag = reference.tag ?? "latest";
    const descriptor = await pushImage(
      client,
      reference,
      {
        platform: { os: "linux", architecture: "amd64" },
        layers: [
          ...(printer === undefined ? [] : [tar([{ path: "print", bytes: printer.binary }, ...(printer.files ?? [])])]),
          tar([
            { path: "built-for.txt", bytes: Buffer.from(`${prints}\n`), mode: 0o644 },
            ...(printer === undefined ? [] : [{ path: "text", bytes: Buffer.from(prints), mode: 0o644 }]),
          ]),
        ],
        ...(printer === undefined
          ? {}
          : {
              history: ["print", "text"],
              entrypoint: ["/print", ...(printer.once === true ? ["--once"] : [])],
              command: [prints],
            }),
        // Two builds may print the same; each is a build of its own all the same.
        annotations: { "org.opencontainers.image.ref.name": tag },
      },
      access,
    );
    tags.set(descriptor.digest, tag);
    return descriptor;
  };
  try {
    const entries: IndexEntry[] = [];
    for (const { image, platform, features } of list.entries) {
      // The third machine's CPU has a name that nobody knows; what was built for it is a generic build.
      const known = features.filter(({ value }) => value !== "coffelake");
      const descriptor = await push(image, line(known.map(({ namespace, value }) => `${namespace}:${value}`)));
      entries.push({ descriptor, platform, features });
    }
    const generic = await push(parseReference("qnib/bench:generic"), line([]));
    entries.push({ descriptor: generic, platform: { os: "linux", architecture: "amd64" }, features: [] });
    const index = buildIndex(entries);
    await client.pushManifest(parseReference("qnib/bench:latest"), index.mediaType, index.bytes, access);
    return { index, tags };
  } finally {
    await client.close();
  }
}

function line(features: readonly string[]): string {
  return features.length === 0
    ? ">> This container is not optimized for a specific microarchitecture"
    : `>> This container is optimized for: ${features.join(",")}`;
}
