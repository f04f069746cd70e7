import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { pinnedArguments } from "../../scripts/base-images.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { pushImage } from "../../src/registry/push.ts";
import { registryFixture } from "../support/registry/fixture.ts";

const { registry, client } = registryFixture();
const signal = AbortSignal.timeout(30_000);
const dockerfile = readFileSync(fileURLToPath(new URL("../../Dockerfile", import.meta.url)), "utf8");

test("a release is built on the digests that the Dockerfile's tags name", async () => {
  const { host } = await registry();
  const mirrored = client({
    mirrors: new Map([
      ["docker.io", host],
      ["gcr.io", host],
    ]),
  });
  const platform = { os: "linux", architecture: "amd64" };
  const images = [...dockerfile.matchAll(/_IMAGE=(\S+)$/gm)].map(([, image = ""]) => image);
  expect(images).toHaveLength(2);
  const digests = await Promise.all(
    images.map(async (image) => {
      const pushed = { platform, layers: [Buffer.from(image)], entrypoint: [], command: [], env: [] };
      return (await pushImage(mirrored, parseReference(image), pushed, { credentials: undefined, signal })).digest;
    }),
  );
  expect(await pinnedArguments(dockerfile, mirrored, signal)).toEqual([
    `--build-arg BUILD_IMAGE=${images[0]}@${digests[0]}`,
    `--build-arg RUNTIME_IMAGE=${images[1]}@${digests[1]}`,
  ]);
});

test("an image that is not there is no argument", async () => {
  const { host } = await registry();
  const mirrored = client({ mirrors: new Map([["docker.io", host]]) });
  const text = dockerfile
    .split("\n")
    .filter((line) => /BUILD_IMAGE/.test(line))
    .join("\n");
  const asked = pinnedArguments(text, mirrored, signal);
  await expect(asked).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a base image that is written out would never be pinned, and is refused", async () => {
  const asked = pinnedArguments("FROM docker.io/library/node:24 AS build\n", client(), signal);
  await expect(asked).rejects.toThrow(/FROM docker.io\/library\/node:24 AS build/);
});
