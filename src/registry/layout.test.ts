import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { annotated, digestOf, entry, indexBytes } from "../../test/support/oci/indexes.ts";
import { blobPath, type LayoutEntry, writeLayout } from "../../test/support/oci/layout.ts";
import { describe as describeContent } from "../oci/descriptor.ts";
import { ociConfig, ociIndex, ociManifest } from "../oci/media-types.ts";
import { RegistryError } from "./error.ts";
import { type LayoutTarget, readLayout } from "./layout.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-layout-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const read = (target: LayoutTarget = {}, signal = AbortSignal.timeout(10_000)) =>
  readLayout(folder, target, { label: "oci:x", signal });

/** `CODE: message` of what was thrown; the answer's digest where nothing was. */
async function failure(target: LayoutTarget = {}): Promise<string> {
  try {
    return (await read(target)).descriptor.digest;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const index = indexBytes([annotated("skylake", "cpu:skylake"), entry("generic")]);
const other = indexBytes([entry("other")]);
const manifest = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: ociManifest }));

describe("an image of a layout", () => {
  test("is read with its builds", async () => {
    const [descriptor] = await writeLayout(folder, [{ bytes: index, tag: "v1" }]);
    const image = await read({ tag: "v1" });
    expect(image.descriptor).toEqual(descriptor);
    expect(image.list?.variants.map(({ digest }) => digest)).toEqual([digestOf("skylake"), digestOf("generic")]);
  });

  test("may be one build", async () => {
    const [descriptor] = await writeLayout(folder, [{ bytes: manifest, mediaType: ociManifest }]);
    expect(await read()).toEqual({ descriptor, list: undefined });
  });

  test("is read with the indexes nested in it", async () => {
    const outer = indexBytes([{ ...describeContent(ociIndex, other) }, entry("second")]);
    await writeLayout(folder, [{ bytes: outer }], [other]);
    const variants = (await read()).list?.variants ?? [];
    expect(variants.map(({ digest, position }) => [digest, position])).toEqual([
      [digestOf("other"), 0],
      [digestOf("second"), 1],
    ]);
  });

  test("is read with the platforms of configurations, where entries name none", async () => {
    const config = new TextEncoder().encode(JSON.stringify({ os: "linux", architecture: "s390x" }));
    const described = { schemaVersion: 2, mediaType: ociManifest, config: describeContent(ociConfig, config) };
    const image = new TextEncoder().encode(JSON.stringify(described));
    const unnamed = [describeContent(ociManifest, image), { ...entry("away"), platform: undefined }];
    await writeLayout(folder, [{ bytes: indexBytes(unnamed) }], [image, config]);
    expect((await read()).list).toMatchObject({ variants: [{ platform: { architecture: "s390x" } }], unread: [1] });
  });
});

describe("which image is meant", () => {
  const one: LayoutEntry = { bytes: index };
  const two: LayoutEntry = { bytes: other };
  const cases: [
    what: string,
    entries: LayoutEntry[],
    target: LayoutTarget,
    found: "index" | "other" | "own" | RegExp,
  ][] = [
    ["the only one, whatever it is called", [{ ...one, tag: "v7" }], {}, "index"],
    [
      "the tag",
      [
        { ...one, tag: "a" },
        { ...two, tag: "b" },
      ],
      { tag: "b" },
      "other",
    ],
    [
      "a tag that tools wrote as a whole reference",
      [{ ...one, tag: "docker.io/library/x:b" }, two],
      { tag: "b" },
      "index",
    ],
    ["a whole reference", [{ ...one, tag: "docker.io/library/x:b" }, two], { tag: "docker.io/library/x:b" }, "index"],
    [
      "latest, where several have names",
      [
        { ...one, tag: "a" },
        { ...two, tag: "latest" },
      ],
      {},
      "other",
    ],
    ["index.json itself, where none of several has a name", [one, two], {}, "own"],
    [
      "the digest",
      [
        { ...one, tag: "a" },
        { ...two, tag: "b" },
      ],
      { digest: describeContent("", other).digest },
      "other",
    ],
    [
      "one that is listed twice",
      [
        { ...one, tag: "a" },
        { ...one, tag: "a" },
      ],
      { tag: "a" },
      "index",
    ],
    ["no such tag", [{ ...one, tag: "a" }], { tag: "b" }, /^NOT_FOUND: oci:x: the layout holds no "b"; there is "a"$/],
    [
      "several, none named latest",
      [
        { ...one, tag: "a" },
        { ...two, tag: "b" },
      ],
      {},
      /^NOT_FOUND: .*several images: name one, as oci:DIR:TAG; there are "a", "b"$/,
    ],
    [
      "one name, two images",
      [
        { ...one, tag: "a" },
        { ...two, tag: "a" },
      ],
      { tag: "a" },
      /^INVALID: .*2 images .* called "a"/,
    ],
    [
      "an unknown digest",
      [one],
      { digest: digestOf("nobody") },
      /^NOT_FOUND: .*no entry of index.json has this digest/,
    ],
    ["nothing", [], {}, /^NOT_FOUND: oci:x: the layout holds no image$/],
  ];
  test.each(cases)("%s", async (_, entries, target, found) => {
    await writeLayout(folder, entries);
    const answer = await failure(target);
    if (found instanceof RegExp) expect(answer).toMatch(found);
    else if (found !== "own") expect(answer).toBe(describeContent("", found === "index" ? index : other).digest);
    else expect((await read(target)).list?.variants).toHaveLength(3);
  });
});

describe("a layout that cannot be trusted", () => {
  const blob = (bytes: Uint8Array) => join(folder, blobPath(describeContent("", bytes).digest));
  const cases: [what: string, harm: () => Promise<unknown>, said: RegExp][] = [
    ["changed content", () => writeFile(blob(index), indexBytes([])), /^DIGEST_MISMATCH: oci:x: blobs.*SIZE_MISMATCH/],
    [
      "changed content of the same size",
      () => writeFile(blob(index), Buffer.from(index).toString().replace("skylake", "skylaKe")),
      /^DIGEST_MISMATCH: .*DIGEST_MISMATCH/,
    ],
    ["a missing blob", () => unlink(blob(index)), /^NOT_FOUND: oci:x: blobs\/sha256\/\w{64} is not there$/],
    ["no index.json", () => unlink(join(folder, "index.json")), /^NOT_FOUND: .*no index.json in this folder; an OCI/],
    ["no oci-layout", () => unlink(join(folder, "oci-layout")), /^NOT_FOUND: .*no oci-layout in this folder; an OCI/],
    [
      "a later version",
      () => writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}'),
      /^INVALID: oci:x: oci-layout: imageLayoutVersion: is "2.0.0"/,
    ],
    [
      "half a document",
      () => writeFile(join(folder, "index.json"), '{"manifests": ['),
      /^INVALID: .*index.json.*JSON_SYNTAX/,
    ],
    ["an empty document", () => writeFile(join(folder, "index.json"), ""), /^INVALID: .*index.json.*JSON_SYNTAX/],
    [
      "a depth bomb",
      () => writeFile(join(folder, "index.json"), `{"manifests":${"[".repeat(100_000)}`),
      /^INVALID: .*JSON_DEPTH/,
    ],
    [
      "prototype pollution",
      () => writeFile(join(folder, "index.json"), '{"manifests":[{"__proto__":{"digest":"x"}}]}'),
      /^INVALID: .*manifests\[0\]\.digest: a text is required/,
    ],
    [
      "a digest that leads elsewhere",
      () => writeFile(join(folder, "index.json"), '{"manifests":[{"digest":"sha256:../../../etc/passwd","size":1}]}'),
      /^INVALID: .*manifests\[0\]\.digest: .*is not a digest/,
    ],
    [
      "10,000 entries",
      () => writeFile(join(folder, "index.json"), JSON.stringify({ manifests: Array(10_000).fill(entry("x")) })),
      /^INVALID: .*TOO_MANY_ENTRIES/,
    ],
    [
      "5 MiB",
      () => writeFile(join(folder, "index.json"), " ".repeat(5 << 20)),
      /^TOO_LARGE: .*index.json has 5242880 bytes/,
    ],
    [
      "a blob that is a link",
      async () => {
        await unlink(blob(index));
        await symlink("/etc/hostname", blob(index));
      },
      /^INVALID: .*reached through a symbolic link/,
    ],
    [
      "a folder of blobs that is a link",
      async () => {
        await rm(join(folder, "blobs"), { recursive: true });
        await symlink("/usr", join(folder, "blobs"));
      },
      /^(INVALID: .*symbolic link|NOT_FOUND)/,
    ],
    [
      "a pipe that never ends",
      async () => {
        await unlink(join(folder, "index.json"));
        execFileSync("/bin/sh", ["-c", `mkfifo "$0"`, join(folder, "index.json")]);
      },
      /^INVALID: .*index.json is no regular file/,
    ],
    [
      "something else than an image",
      () =>
        writeFile(
          join(folder, "index.json"),
          JSON.stringify({ manifests: [entry("x", { mediaType: "text/\u001b[2J" })] }),
        ),
      /^UNSUPPORTED: .*media type is "text\/\\u001b\[2J"/,
    ],
    [
      "a size nobody reads",
      () =>
        writeFile(
          join(folder, "index.json"),
          JSON.stringify({ manifests: [entry("x", { mediaType: ociIndex, size: 1e12 })] }),
        ),
      /^TOO_LARGE: .*1000000000000 bytes/,
    ],
  ];
  test.each(cases)("%s", async (_, harm, said) => {
    await writeLayout(folder, [{ bytes: index, tag: "v1" }]);
    await harm();
    expect(await failure()).toMatch(said);
  });

  test("is no layout where the folder is a file, or is not there", async () => {
    const file = join(folder, "image.tar");
    await writeFile(file, "");
    const signal = AbortSignal.timeout(5_000);
    await expect(readLayout(file, {}, { label: "oci:image.tar", signal })).rejects.toThrow(/unpack it/);
    await expect(readLayout(join(folder, "none"), {}, { label: "oci:none", signal })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("may contain an index that contains itself no more than any other", async () => {
    // A true cycle needs a hash collision; the same index again and again is what can be built.
    let bytes = indexBytes([entry("x")]);
    const others: Uint8Array[] = [];
    for (let depth = 0; depth < 6; depth++) {
      others.push(bytes);
      bytes = indexBytes([{ ...describeContent(ociIndex, bytes) }]);
    }
    await writeLayout(folder, [{ bytes }], others);
    expect(await failure()).toMatch(/^INVALID: .*NESTED_TOO_DEEP/);
  });

  test("is given up when the signal says so", async () => {
    await writeLayout(folder, [{ bytes: index }]);
    await expect(read({}, AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
  });
});
