import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { computeDigest } from "../../src/oci/digest.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { findProgram } from "../cluster/programs.ts";

const run = promisify(execFile);

/** A pull of `qnib/bench` as somebody. */
export interface Pull {
  /** `localhost:PORT` */
  readonly host: string;
  /** File with the certificate authority of the registry (PEM). */
  readonly caFile: string;
  readonly username: string;
  readonly secret: string;
  /** An empty folder, which is the client's home too. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

export interface Pulled {
  readonly digest: string;
  /** What the image says that it was built for. */
  readonly builtFor: string;
}

export interface DemoClient {
  readonly name: string;
  pull(how: Pull): Promise<Pulled>;
}

/** The clients of registries that are on this machine; if there is none, the one that MetaHub is built on. */
export function clientsHere(): readonly DemoClient[] {
  const found = [skopeo, crane, regctl].filter(({ name }) => findProgram(name) !== undefined);
  return found.length > 0 ? found : [ours];
}

const env = ({ folder, caFile }: Pull): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  HOME: folder,
  DOCKER_CONFIG: folder,
  REGCTL_CONFIG: join(folder, "regctl.json"),
  TMPDIR: folder,
  SSL_CERT_FILE: caFile,
});

const skopeo: DemoClient = {
  name: "skopeo",
  async pull(how) {
    const { host, username, secret, folder, signal } = how;
    const policy = join(folder, "policy.json");
    await writeFile(policy, JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));
    const to = join(folder, "bench");
    const args = ["--policy", policy, "copy", "--src-creds", `${username}:${secret}`];
    // A layout would have a manifest that is written anew; this is what was answered.
    await run("skopeo", [...args, `docker://${host}/qnib/bench`, `dir:${to}`], { env: env(how), signal });
    const manifest = await readFile(join(to, "manifest.json"));
    const layer = image.parse(JSON.parse(manifest.toString("utf8"))).layers.at(-1)?.digest ?? "";
    return { digest: computeDigest(manifest), builtFor: await readBuiltFor(join(to, hex(layer)), signal) };
  },
};

const crane: DemoClient = {
  name: "crane",
  async pull(how) {
    const { host, username, secret, folder, signal } = how;
    const to = join(folder, "bench");
    const options = { env: env(how), signal };
    await run("crane", ["auth", "login", "--username", username, "--password", secret, host], options);
    await run("crane", ["pull", "--format", "oci", `${host}/qnib/bench`, to], options);
    return await readLayout(to, signal);
  },
};

const regctl: DemoClient = {
  name: "regctl",
  async pull(how) {
    const { host, username, secret, folder, signal } = how;
    const to = join(folder, "bench");
    const options = { env: env(how), signal };
    await run("regctl", ["registry", "login", "--user", username, "--pass", secret, host], options);
    await run("regctl", ["image", "copy", `${host}/qnib/bench`, `ocidir://${to}`], options);
    return await readLayout(to, signal);
  },
};

const ours: DemoClient = {
  name: "MetaHub's own",
  async pull({ host, caFile, username, secret, folder, signal }) {
    const client = new RegistryClient({
      mirrors: new Map([["docker.io", host]]),
      plainHttp: () => false,
      allowPrivate: true,
      ca: await readFile(caFile, "utf8"),
    });
    try {
      const reference = parseReference("qnib/bench");
      const access = { credentials: { kind: "basic", username, password: secret }, signal } as const;
      const { digest, bytes } = await client.manifest(reference, access);
      const layer = image.parse(JSON.parse(Buffer.from(bytes).toString("utf8"))).layers.at(-1)?.digest ?? "";
      const file = join(folder, "layer.tar");
      await writeFile(file, await client.blob(reference, layer, access));
      return { digest, builtFor: await readBuiltFor(file, signal) };
    } finally {
      await client.close();
    }
  },
};

const image = z.object({ layers: z.array(z.object({ digest: z.string() })) });
const index = z.object({ manifests: z.array(z.object({ digest: z.string() })) });

const hex = (digest: string): string => digest.replace("sha256:", "");

async function readLayout(folder: string, signal: AbortSignal): Promise<Pulled> {
  const blob = (digest: string): string => join(folder, "blobs", digest.replace(":", "/"));
  const digest = index.parse(JSON.parse(await readFile(join(folder, "index.json"), "utf8"))).manifests[0]?.digest ?? "";
  const { layers } = image.parse(JSON.parse(await readFile(blob(digest), "utf8")));
  return { digest, builtFor: await readBuiltFor(blob(layers.at(-1)?.digest ?? ""), signal) };
}

async function readBuiltFor(layer: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await run("tar", ["-xOf", layer, "built-for.txt"], { signal });
  return stdout.trim();
}

/** A folder of its own for each pull. */
export async function folderOf(parent: string, name: string): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder);
  return folder;
}
