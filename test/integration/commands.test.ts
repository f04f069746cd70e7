import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../cluster/command.ts";

const root = join(import.meta.dirname, "../..");
const program = join(root, "dist/metahub.mjs");
const inventory = join(root, "examples/inventory");

let folder: string;
let taken: Server;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-commands-"));
  await writeFile(join(folder, "garbage.pem"), "-----BEGIN CERTIFICATE-----\ngarbage\n-----END CERTIFICATE-----\n");
  await writeFile(join(folder, "unreachable.kubeconfig"), unreachable);
  await writeFile(join(folder, "broken.kubeconfig"), "{clusters: [");
  taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(async () => {
  taken.close();
  await rm(folder, { recursive: true });
});

/** Port 9 (discard) of loopback: nobody listens there. */
const unreachable = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  "current-context": "c",
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:9", "insecure-skip-tls-verify": true } }],
  users: [{ name: "u", user: { token: "secret-token" } }],
  contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
});

/** Runs the program with `DIR` and `PORT` in its arguments filled in; apart from log lines, its stderr is for people. */
async function run(args: readonly string[]) {
  const filled = args.map((arg) => arg.replace("DIR", folder).replace("PORT", String(port)));
  const env = { PATH: process.env["PATH"], HOME: folder };
  const { code, stdout, stderr } = await runCommand(process.execPath, [program, ...filled], {
    env,
    signal: AbortSignal.timeout(30_000),
  });
  const lines = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
  return { code, stdout, lines };
}

const files = ["webhook", "--inventory", inventory, "--address", "127.0.0.1"];
const anyPort = ["--port", "0", "--health-port", "0"];
const tls = ["--tls-dir", "DIR/tls"];

test.each<[string, readonly string[], RegExp]>([
  [
    "no such kubeconfig",
    ["webhook", "--kubeconfig", "DIR/none", ...tls],
    /kubeconfig .*none: the file does not exist; give another/,
  ],
  ["no kubeconfig anywhere", ["webhook", ...tls], /--kubeconfig/],
  ["a kubeconfig that is no YAML", ["webhook", "--kubeconfig", "DIR/broken.kubeconfig", ...tls], /broken\.kubeconfig/],
  [
    "a certificate in a cluster that is not there",
    ["webhook", "--kubeconfig", "DIR/unreachable.kubeconfig", "--tls-secret", "ns/name", ...anyPort],
    /127\.0\.0\.1:9/,
  ],
  [
    "a certificate that is garbage",
    [...files, "--tls-cert-file", "DIR/garbage.pem", "--tls-key-file", "DIR/garbage.pem"],
    /garbage\.pem .*do not hold a PEM certificate and its private key/,
  ],
  [
    "a certificate that is a folder",
    [...files, "--tls-cert-file", "DIR", "--tls-key-file", "DIR/garbage.pem"],
    /cannot read the certificate file/,
  ],
  [
    "a certificate that is not there",
    [...files, "--tls-cert-file", "DIR/none.pem", "--tls-key-file", "DIR/none.pem"],
    /cannot read the certificate file .*none\.pem/,
  ],
  [
    "a port that is taken",
    [...files, ...tls, "--port", "PORT", "--health-port", "0"],
    /cannot listen on 127\.0\.0\.1:\d+: another program uses this port; end it, or choose another with --port/,
  ],
  [
    "a health port that is taken",
    [...files, ...tls, "--port", "0", "--health-port", "PORT"],
    /another program uses this port; choose another with --health-port/,
  ],
  [
    "an address of another machine",
    ["webhook", "--inventory", inventory, ...tls, ...anyPort, "--address", "203.0.113.1"],
    /this machine does not have that address/,
  ],
  ["no such inventory", ["webhook", "--inventory", "DIR/none", ...tls], /none: no such file or folder/],
  [
    "no such docker config",
    [...files, ...tls, ...anyPort, "--docker-config", "DIR/none.json"],
    /--docker-config .*none\.json: no such file/,
  ],
  ["the controller's kubeconfig", ["controller", "--kubeconfig", "DIR/none"], /the file does not exist; give another/],
  [
    "the controller's port",
    ["controller", "--kubeconfig", "DIR/unreachable.kubeconfig", "--address", "127.0.0.1", "--health-port", "PORT"],
    /another program uses this port; choose another with --health-port/,
  ],
])("%s: one clear line, exit code 1", async (_name, args, line) => {
  const { code, stdout, lines } = await run(args);
  expect([code, stdout, lines]).toEqual([1, "", [expect.stringMatching(line)]]);
  expect(lines[0]).toMatch(/^metahub: /);
  expect(lines[0]).not.toContain("secret-token");
});

test.each<[string, readonly string[], RegExp]>([
  ["an option that is not there", ["webhook", "--nonsense"], /unknown option '--nonsense'/],
  ["a port that is no port", ["webhook", "--port", "99999"], /a port is a number from 0 to 65535/],
  ["a word that is no choice", ["webhook", "--pull-secrets", "some"], /none, namespaces, cluster/],
  ["no certificate", files, /say where the serving certificate is/],
  [
    "two certificates",
    ["webhook", "--kubeconfig", "DIR/unreachable.kubeconfig", ...tls, "--tls-secret", "a/b"],
    /more than one was given/,
  ],
  ["half a certificate", [...files, "--tls-cert-file", "x"], /--tls-cert-file and --tls-key-file belong together/],
  ["a mirror that is no URL", [...files, ...tls, "--mirror", "docker.io"], /expected HOST=URL/],
  ["pull secrets without a cluster", [...files, ...tls, "--pull-secrets", "cluster"], /--pull-secrets needs a cluster/],
  [
    "a Lease without a namespace",
    ["controller", "--lease", "name", "--kubeconfig", "DIR/unreachable.kubeconfig"],
    /NAMESPACE\/NAME/,
  ],
  ["a command that is not there", ["frobnicate"], /unknown command 'frobnicate'/],
])("%s: exit code 2", async (_name, args, line) => {
  const { code, stdout, lines } = await run(args);
  expect([code, stdout, lines[0]]).toEqual([2, "", expect.stringMatching(line)]);
  // After a mistake in the flags themselves a second line tells where help is.
  expect(lines.slice(1).filter((more) => !more.startsWith("(--help"))).toEqual([]);
});
