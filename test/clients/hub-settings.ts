import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Authority } from "../cluster/pki.ts";
import { hubName, type Site } from "./site.ts";

/** Writes the registry's ProxyConfig, which it reads a moment later. */
export async function configureHub({ run }: Pick<Site, "run">, spec: object): Promise<void> {
  const settings = { apiVersion: "metahub.dev/v1alpha1", kind: "ProxyConfig", metadata: { name: hubName } };
  await writeFile(join(run.dir, "hub/proxy.yaml"), JSON.stringify({ ...settings, spec }));
}

/** Makes the folder, and in it `client.cert` and `client.key` of a machine of type4. */
export async function writeClientCertificate(folder: string, authority: Authority): Promise<void> {
  const uris = ["metahub:machine-type:type4"];
  const { certificate, key } = await authority.issue({ commonName: "node", client: true, uris });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "client.cert"), certificate);
  await writeFile(join(folder, "client.key"), key, { mode: 0o600 });
}
