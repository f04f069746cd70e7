import { createHash } from "node:crypto";
import { accessSync, constants, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildTo } from "./build.ts";
import { type DownloadOptions, downloadTo, fetchChecksum } from "./download.ts";
import { ClusterError, describeError, MissingRequirement, systemCode } from "./error.ts";
import { withLock } from "./lock.ts";
import { type Platform, platformOf } from "./platform.ts";
import type { Progress } from "./progress.ts";
import { type BinaryName, officialReleases, type Recipe, type ReleaseBases, recipeFor } from "./releases.ts";

/** Where programs come from: first the cache, then the releases, then a build. */
export interface BinarySources {
  readonly cacheDir: string;
  readonly platform: Platform;
  readonly releases: ReleaseBases;
  /** The folder with the Go modules. */
  readonly modules: string;
  readonly go: string;
  readonly download: Omit<DownloadOptions, "signal">;
}

/** The path of a program that was resolved. */
export type BinaryPath = (name: BinaryName) => string;

/** A build of everything takes 12 minutes on two cores; whoever waits for another's must outlast it. */
const lockTimeoutMs = 60 * 60_000;

/** The sources that this machine and its environment (`METAHUB_CACHE_DIR`, `XDG_CACHE_HOME`) give. */
export function defaultSources(env: NodeJS.ProcessEnv = process.env): BinarySources {
  return {
    cacheDir: env["METAHUB_CACHE_DIR"] || join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "metahub"),
    platform: platformOf(),
    releases: officialReleases,
    modules: fileURLToPath(new URL("./binaries", import.meta.url)),
    go: "go",
    download: {},
  };
}

/** The folder of the cache in which a program is or will be. */
export function cacheFolder(name: BinaryName, sources: BinarySources): string {
  return dirname(locate(name, sources).path);
}

/** Which of these programs are not in the cache. */
export function missingBinaries(names: readonly BinaryName[], sources: BinarySources): readonly BinaryName[] {
  return names.filter((name) => !isExecutable(locate(name, sources).path));
}

/**
 * Whether all of these programs are cached or can be downloaded, so that nothing must be built. Says why not, or
 * returns undefined. Without a network it takes at most the answer time of `sources.download`.
 */
export async function needsBuild(
  names: readonly BinaryName[],
  sources: BinarySources,
  signal: AbortSignal,
): Promise<string | undefined> {
  const reasons = await Promise.all(
    missingBinaries(names, sources).map(async (name) => {
      const { recipe } = locate(name, sources);
      // Ours are a page of Go each, which builds in a second where Go is; no cluster waits for a client.
      if (ownSources.has(name)) return undefined;
      if (recipe.download === undefined) return `${name} is not published for this platform`;
      try {
        await fetchChecksum(recipe.download, { ...sources.download, signal });
        return undefined;
      } catch (error) {
        signal.throwIfAborted();
        return `${name} is not cached and ${describeError(error)}`;
      }
    }),
  );
  return reasons.find((reason) => reason !== undefined);
}

/**
 * The paths of these programs, fetched or built where the cache lacks them. Safe to call from several processes
 * at once: one does the work, the others wait.
 *
 * @throws MissingRequirement when a program must be built and Go is not there; ClusterError `BUILD`.
 */
export async function resolveBinaries(
  names: readonly BinaryName[],
  sources: BinarySources,
  progress: Progress,
  signal: AbortSignal,
): Promise<BinaryPath> {
  const located = names.map((name) => ({ name, ...locate(name, sources) }));
  const folders = new Set(located.filter(({ path }) => !isExecutable(path)).map(({ recipe }) => recipe.folder));
  for (const folder of folders) {
    await mkdir(join(sources.cacheDir, folder), { recursive: true });
    await withLock(
      join(sources.cacheDir, `${folder}.lock`),
      {
        signal,
        timeoutMs: lockTimeoutMs,
        onWait: ({ pid }) => progress.say(`waiting for process ${pid}, which fills the cache for ${folder}`),
      },
      async () => {
        for (const one of located) {
          if (one.recipe.folder === folder && !isExecutable(one.path)) await obtain(one, sources, progress, signal);
        }
      },
    );
  }
  return (name) => {
    const found = located.find((one) => one.name === name);
    if (found === undefined) throw new ClusterError("MISSING", `${name} was not asked for`);
    return found.path;
  };
}

/** Why a program could not be had when it was tried last. */
export function lackBefore(name: BinaryName, sources: BinarySources): string | undefined {
  try {
    return readFileSync(`${locate(name, sources).path}.lack`, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Remembers it for the tests, which run in other processes, beside where the program would be. */
export async function rememberLack(name: BinaryName, sources: BinarySources, reason: string): Promise<void> {
  const { path } = locate(name, sources);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.lack`, reason);
}

interface Located {
  readonly path: string;
  readonly recipe: Recipe;
}

async function obtain(
  { name, path, recipe }: Located & { readonly name: BinaryName },
  sources: BinarySources,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const failed = await tryDownload(name, path, recipe, sources, progress, signal);
  if (failed === undefined) return;
  if (failed !== "") progress.say(`${name}: ${failed}; building it instead`);
  const platform = {
    ...sources.platform,
    os: recipe.folder.includes("-linux-") ? "linux" : sources.platform.os,
  } as const;
  try {
    await progress.during(`building ${name} with Go (once; minutes for Kubernetes)`, () =>
      buildTo(path, recipe.build, { signal, platform, sources: sources.modules, go: sources.go }),
    );
  } catch (error) {
    if (failed === "" || !(error instanceof ClusterError)) throw error;
    const cause = new ClusterError("DOWNLOAD", failed);
    if (error instanceof MissingRequirement) throw new MissingRequirement(error.requirement, error.remedy, { cause });
    throw new ClusterError("BUILD", `${error.message} (it is built because ${failed})`, { cause: error });
  }
}

/** Undefined when the program is there now; else why not: the empty text when nothing is published. */
async function tryDownload(
  name: BinaryName,
  path: string,
  recipe: Recipe,
  sources: BinarySources,
  progress: Progress,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { download } = recipe;
  if (download === undefined) return "";
  try {
    const options = { ...sources.download, signal };
    const checksum = await fetchChecksum(download, options);
    await progress.during(`downloading ${name} from ${download.url}`, () =>
      downloadTo(path, download, checksum, options),
    );
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return describeError(error);
  }
}

function locate(name: BinaryName, sources: BinarySources): Located {
  const recipe = recipeFor(name, sources.platform, sources.releases, ownSourcesDigest(name, sources.modules));
  return { recipe, path: join(sources.cacheDir, recipe.folder, name) };
}

const clients: readonly string[] = ["clients/go.mod"];

/** The sources of our own programs, by name, and the versions of clients: those that share a cache folder name the same. */
const ownSources: ReadonlyMap<BinaryName, readonly string[]> = new Map<BinaryName, readonly string[]>([
  ["pause", ["pause/main.go", "printer/main.go"]],
  ["printer", ["pause/main.go", "printer/main.go"]],
  ["choosing", choosingSources("choosing")],
  ["choosing-containerd-1", choosingSources("choosing-containerd-1")],
  ["choosing-docker", choosingSources("choosing-docker")],
  ["choosing-docker-29", [...choosingSources("choosing-docker"), "choosing-docker/docker-29.mod"]],
  ["matching", ["matching/main.go", "go.mod"]],
  ["crane", clients],
  ["oras", clients],
  ["regctl", clients],
]);

function choosingSources(name: string): readonly string[] {
  return [`${name}/main.go`, `${name}/go.mod`, "asking/asking.go"];
}

/** A change of these sources makes another cache folder. */
function ownSourcesDigest(name: BinaryName, modules: string): string {
  const sources = ownSources.get(name);
  if (sources === undefined) return "";
  const hash = createHash("sha256");
  for (const source of sources) hash.update(readFileSync(join(modules, source)));
  return hash.digest("hex");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "EACCES") return false;
    throw error;
  }
}
