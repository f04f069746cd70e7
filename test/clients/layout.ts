import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { mustRun } from "../cluster/command.ts";

const descriptor = z.object({
  digest: z.string(),
  platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
});
const document = z.object({
  manifests: z.array(descriptor).default([]),
  config: descriptor.optional(),
  layers: z.array(descriptor).default([]),
});
const config = z.object({ config: z.object({ Entrypoint: z.array(z.string()), Cmd: z.array(z.string()) }) });

/**
 * Runs the image of an OCI layout, for clients that only copy: its layers unpacked one over another, its entrypoint as a
 * process of this machine, which the static programs of these tests take. Of an index, the first entry for linux/amd64, as
 * runtimes do. Resolves to what it prints.
 */
export async function runLayout(layout: string): Promise<string> {
  const blob = (digest: string): string => join(layout, "blobs", digest.replace(":", "/"));
  const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, "utf8"));
  let found = document.parse(await read(join(layout, "index.json")));
  while (found.config === undefined) {
    const fits = ({ platform }: z.infer<typeof descriptor>): boolean =>
      platform === undefined || (platform.os === "linux" && platform.architecture === "amd64");
    const next = found.manifests.find(fits);
    if (next === undefined) throw new Error(`${layout} has no image for linux/amd64`);
    found = document.parse(await read(blob(next.digest)));
  }
  const root = join(layout, "root");
  await mkdir(root);
  const signal = AbortSignal.timeout(20_000);
  for (const { digest } of found.layers) await mustRun("tar", ["-xf", blob(digest), "-C", root], { signal });
  const { Entrypoint, Cmd } = config.parse(await read(blob(found.config.digest))).config;
  const [program = "", ...args] = [...Entrypoint, ...Cmd];
  return (await mustRun(join(root, program), args, { signal })).stdout;
}
