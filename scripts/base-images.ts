/**
 * Prints the arguments that build the Dockerfile on the very images that its tags name now, by digest:
 * `docker buildx build $(npm run --silent base-images) --tag qnib/metahub .` A release writes them down with itself.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseReference, withTagAndDigest } from "../src/oci/reference.ts";
import { RegistryClient } from "../src/registry/client.ts";
import { RegistryError } from "../src/registry/error.ts";

/** Longest time for all of them, ms: each is one small request, or three where a token is asked for. */
const timeoutMs = 60_000;

/**
 * `--build-arg NAME=IMAGE:TAG@DIGEST` for each image that the Dockerfile takes by an argument.
 * @throws RegistryError where one cannot be resolved, Error where the Dockerfile builds on anything else
 */
export async function pinnedArguments(
  dockerfile: string,
  client: RegistryClient,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const defaults = new Map<string, string>();
  for (const [, name = "", image = ""] of dockerfile.matchAll(/^ARG ([A-Z_]+_IMAGE)=(\S+)$/gm))
    defaults.set(name, image);
  for (const [line, argument = ""] of dockerfile.matchAll(/^FROM (?:--\S+ )?(?:\$\{(\w+)\})?.*$/gm)) {
    if (!defaults.has(argument)) throw new Error(`the Dockerfile says "${line}": name its image by an ARG …_IMAGE`);
  }
  return await Promise.all(
    [...defaults].map(async ([name, image]) => {
      const reference = parseReference(image);
      const { digest } = await client.resolve(reference, { credentials: undefined, signal });
      return `--build-arg ${name}=${withTagAndDigest(reference, digest)}`;
    }),
  );
}

if (import.meta.main) {
  const client = new RegistryClient({ plainHttp: () => false });
  try {
    const dockerfile = readFileSync(fileURLToPath(new URL("../Dockerfile", import.meta.url)), "utf8");
    const pinned = await pinnedArguments(dockerfile, client, AbortSignal.timeout(timeoutMs));
    console.log(pinned.join(" "));
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    console.error(`base-images: ${error.message}`);
    process.exitCode = 1;
  } finally {
    await client.close();
  }
}
