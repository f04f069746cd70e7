import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { parseReference } from "../../src/oci/reference.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { pushImage } from "../../src/registry/push.ts";
import { type TarFile, tar } from "../support/registry/tar.ts";

const dist = join(import.meta.dirname, "../../dist");
/** As the Dockerfile puts it. */
const program = "metahub/metahub.mjs";
const node = "nodejs/bin/node";

/** The operator's image as it lies in a registry. */
export interface OperatorImage {
  readonly repository: string;
  readonly digest: string;
}

/**
 * Builds the operator's own image from the Node.js that runs this, the libraries that it links, and the bundle in dist/,
 * and pushes it to `host`, which stands in for docker.io. Blobs that are there already are not sent again: with the same
 * bundle it takes a second. Users build the Dockerfile; this needs neither Docker nor a network.
 */
export async function pushOperatorImage(host: string, signal: AbortSignal): Promise<OperatorImage> {
  const reference = parseReference("qnib/metahub:test");
  const client = new RegistryClient({
    mirrors: new Map([["docker.io", host]]),
    plainHttp: (asked) => asked === host,
  });
  try {
    const libraries = await sharedObjects(signal);
    const { digest } = await pushImage(
      client,
      reference,
      {
        platform: { os: "linux", architecture: process.arch === "x64" ? "amd64" : process.arch },
        layers: [await runtimeLayer(libraries), await bundleLayer()],
        entrypoint: [`/${node}`, `/${program}`],
        command: ["--help"],
        env: [
          "NODE_ENV=production",
          "NODE_DISABLE_COMPILE_CACHE=1",
          // Without the loader's cache file; the folders of other distributions differ from those it knows by itself.
          `LD_LIBRARY_PATH=${[...new Set(libraries.map(folderOf))].join(":")}`,
        ],
        user: "65532:65532",
      },
      { credentials: undefined, signal },
    );
    return { repository: "qnib/metahub", digest };
  } finally {
    await client.close();
  }
}

/** Files that the dynamic loader maps for a Node.js that has loaded nothing else, itself among them. */
async function sharedObjects(signal: AbortSignal): Promise<readonly string[]> {
  const script = "process.report.excludeNetwork = true; process.report.getReport().sharedObjects.join('\\n')";
  const { stdout } = await promisify(execFile)(process.execPath, ["--print", script], { signal, env: {} });
  // linux-vdso.so.1 is the kernel's and no file.
  const files = stdout.split("\n").filter((path) => path.startsWith("/"));
  if (files.length === 0) throw new Error(`${process.execPath} names no libraries that it links; is this Linux?`);
  return files;
}

async function runtimeLayer(libraries: readonly string[]): Promise<Uint8Array> {
  const files: TarFile[] = [{ path: node, bytes: await readFile(process.execPath) }];
  for (const path of libraries) files.push({ path: path.slice(1), bytes: await readFile(path) });
  return tar(files);
}

async function bundleLayer(): Promise<Uint8Array> {
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(dist, join(parentPath, name)));
  const files = names.sort().map(async (name) => ({
    path: `metahub/${name}`,
    bytes: await readFile(join(dist, name)),
    mode: 0o644,
  }));
  return tar(await Promise.all(files));
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
