import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Makes a containerd pull images of `registry` from `host` by plain HTTP. `certs` is the `config_path` of its CRI plugin,
 * which it reads at every pull (containerd, docs/hosts.md).
 */
export async function writeMirror(certs: string, registry: string, host: string): Promise<void> {
  const folder = join(certs, registry);
  await mkdir(folder, { recursive: true });
  const url = `"http://${host}"`;
  await writeFile(
    join(folder, "hosts.toml"),
    `server = ${url}\n\n[host.${url}]\n  capabilities = ["pull", "resolve"]\n`,
  );
}
