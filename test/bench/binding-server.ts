import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createAuthority } from "../cluster/pki.ts";
import type { BindingSite } from "../support/cluster/binding-site.ts";

export interface BindingServer {
  /** The ValidatingWebhookConfiguration `bench` that makes the API server ask it. */
  readonly configuration: object;
  readonly pid: number;
  readonly stop: () => void;
}

/** A webhook for bindings in a process of its own: `noop` allows each; `write` patches the Pod first, as ours does. */
export async function startBindingServer(site: BindingSite, kind: "noop" | "write"): Promise<BindingServer> {
  const authority = await createAuthority();
  const pair = await authority.issue({ commonName: kind, server: true, addresses: ["127.0.0.1"] });
  const key = join(site.cluster.dir, `${kind}.key`);
  const certificate = join(site.cluster.dir, `${kind}.crt`);
  await writeFile(key, pair.key, { mode: 0o600 });
  await writeFile(certificate, pair.certificate);
  const program = join(import.meta.dirname, kind === "noop" ? "noop-server.ts" : "write-server.ts");
  const args = kind === "noop" ? ["express", key, certificate] : [site.cluster.kubeconfig, key, certificate];
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<string>((resolve, reject) => {
    child.once("close", () => reject(new Error("the server ended before it listened")));
    createInterface(child.stdout).once("line", resolve);
  });
  const webhook = {
    name: `${kind}.metahub.dev`,
    admissionReviewVersions: ["v1"],
    sideEffects: "NoneOnDryRun",
    failurePolicy: "Ignore",
    timeoutSeconds: 10,
    clientConfig: {
      url: `https://127.0.0.1:${port}/`,
      caBundle: Buffer.from(authority.certificate).toString("base64"),
    },
    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods/binding"] }],
  };
  return {
    configuration: {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "bench" },
      webhooks: [webhook],
    },
    pid: child.pid ?? 0,
    stop: () => child.kill("SIGTERM"),
  };
}
