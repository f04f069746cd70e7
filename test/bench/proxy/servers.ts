import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { defaultSources, resolveBinaries } from "../../cluster/binaries.ts";
import { mustRun } from "../../cluster/command.ts";
import { endPhase } from "../../cluster/control-plane.ts";
import { createAuthority } from "../../cluster/pki.ts";
import { freePorts } from "../../cluster/ports.ts";
import { findProgram } from "../../cluster/programs.ts";
import { createProgress } from "../../cluster/progress.ts";
import { type Launch, type Run, startProcess } from "../../cluster/run.ts";
import { waitUntil } from "../../cluster/wait.ts";
import { examplesFolder } from "../../demo/examples.ts";

const program = join(import.meta.dirname, "../../../dist/metahub.mjs");

/** A server of the comparison: all speak TLS, with one authority. */
export interface BenchServer {
  readonly name: string;
  /** `https://localhost:PORT` */
  readonly origin: string;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Certificates of the run, as files. */
export interface Files {
  readonly ca: string;
  readonly caFile: string;
  readonly certificate: string;
  readonly key: string;
}

export async function issueFiles(run: Run): Promise<Files> {
  const authority = await createAuthority();
  const own = await authority.issue({
    commonName: "bench",
    server: true,
    hosts: ["localhost"],
    addresses: [ownAddress()],
  });
  const file = (name: string): string => join(run.dir, name);
  const files = { caFile: file("ca.crt"), certificate: file("tls.crt"), key: file("tls.key") };
  await writeFile(files.caFile, authority.certificate);
  await writeFile(files.certificate, own.certificate);
  await writeFile(files.key, own.key, { mode: 0o600 });
  return { ca: authority.certificate, ...files };
}

/** An address of this machine that is not loopback: metahub speaks to that by plain HTTP alone. */
function ownAddress(): string {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = found.find(({ family, internal }) => family === "IPv4" && !internal);
  if (own === undefined) throw new Error("this machine has no address but its loopback's");
  return own.address;
}

/** The distribution project's registry with the images, which the others stand before. */
export async function startUpstream(run: Run, files: Files, signal: AbortSignal): Promise<BenchServer> {
  const binary = await resolveBinaries(["registry"], defaultSources(), createProgress(undefined), signal);
  const launch = { name: "upstream", command: binary("registry"), address: ownAddress() };
  return await startRegistry(run, files, launch, signal);
}

/** Debian's docker-registry as a cache of the upstream; undefined where it is not on this machine. */
export async function startCache(run: Run, files: Files, upstream: BenchServer, signal: AbortSignal) {
  const command = findProgram("docker-registry");
  if (command === undefined) return undefined;
  return await startRegistry(run, files, { name: "docker-registry", command, remote: upstream.origin }, signal);
}

interface RegistryLaunch {
  readonly name: string;
  readonly command: string;
  /** Default: 127.0.0.1. */
  readonly address?: string;
  /** The registry that it is a cache of. */
  readonly remote?: string;
}

async function startRegistry(
  run: Run,
  files: Files,
  { name, command, address = "127.0.0.1", remote }: RegistryLaunch,
  signal: AbortSignal,
) {
  const [port = 0] = await freePorts(1);
  const config = join(run.dir, `${name}.json`);
  const storage = join(run.dir, name);
  await mkdir(storage);
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: "error", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage } },
      http: { addr: `${address}:${port}`, tls: { certificate: files.certificate, key: files.key } },
      ...(remote === undefined ? {} : { proxy: { remoteurl: remote } }),
    }),
  );
  const env = { OTEL_TRACES_EXPORTER: "none", SSL_CERT_FILE: files.caFile };
  const launch = { name, phase: endPhase.storage, command, args: ["serve", config], env };
  const host = address === "127.0.0.1" ? "localhost" : address;
  return await started(run, launch, `https://${host}:${port}`, files, signal);
}

/** Debian's nginx as a plain proxy; undefined where it is not on this machine. */
export async function startNginx(run: Run, files: Files, upstream: BenchServer, signal: AbortSignal) {
  const command = findProgram("nginx");
  if (command === undefined) return undefined;
  const [port = 0] = await freePorts(1);
  const folder = join(run.dir, "nginx");
  await mkdir(folder);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  await writeFile(
    join(folder, "nginx.conf"),
    `daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes auto;
pid ${folder}/pid;
error_log ${folder}/error.log error;
events { worker_connections 1024; }
http {
  access_log off;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n")}
  upstream registry { server ${new URL(upstream.origin).host}; keepalive 32; }
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${files.certificate};
    ssl_certificate_key ${files.key};
    location / {
      proxy_pass https://registry;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_ssl_verify on;
      # The certificate has this name beside the address.
      proxy_ssl_name localhost;
      proxy_ssl_trusted_certificate ${files.caFile};
      # A blob is passed on at its reader's pace, and not kept on disk meanwhile.
      proxy_max_temp_file_size 0;
    }
  }
}
`,
  );
  // It opens its own log before it has read where that should be.
  const args = ["-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf"), "-p", folder];
  return await started(
    run,
    { name: "nginx", phase: endPhase.client, command, args },
    `https://localhost:${port}`,
    files,
    signal,
  );
}

/** `metahub proxy`, asked as clients ask it: with a token of a machine type. */
export async function startMetahub(run: Run, files: Files, upstream: BenchServer, signal: AbortSignal) {
  const [port = 0, health = 0] = await freePorts(2);
  const hub = join(run.dir, "hub");
  await cp(join(examplesFolder, "inventory"), hub, { recursive: true });
  const create = ["credentials", "create", "bench", "--inventory", hub, "--machine-type", "type2", "-o", "json"];
  const { stdout } = await mustRun(process.execPath, [program, ...create], { signal });
  const { secret }: { secret: string } = JSON.parse(stdout);
  const origin = `https://localhost:${port}`;
  const args = [
    ...[program, "proxy", "--inventory", hub, "--external-url", origin, "--address", "127.0.0.1"],
    ...["--port", String(port), "--health-port", String(health), "--key-file", join(run.dir, "token-keys")],
    ...["--tls-cert-file", files.certificate, "--tls-key-file", files.key, "--registry-ca-file", files.caFile],
    ...["--mirror", `docker.io=${upstream.origin}`],
  ];
  const launch = { name: "metahub", phase: endPhase.client, command: process.execPath, args };
  const server = await started(run, launch, origin, files, signal);
  const authorization = `Basic ${Buffer.from(`type2:${secret}`).toString("base64")}`;
  const ca = await readFile(files.caFile, "utf8");
  const { text } = await get(`${origin}/token?scope=repository:qnib/bench:pull`, ca, { authorization }, signal);
  const { token }: { token: string } = JSON.parse(text);
  return { ...server, name: "metahub proxy", headers: { authorization: `Bearer ${token}` } };
}

async function started(
  run: Run,
  launch: Launch,
  origin: string,
  { ca }: Files,
  signal: AbortSignal,
): Promise<BenchServer> {
  const process = await startProcess(run, launch);
  const check = async (each: AbortSignal): Promise<string | undefined> => {
    const { status } = await get(`${origin}/v2/`, ca, {}, each);
    return status === 200 || status === 401 ? undefined : `answered ${status}`;
  };
  await waitUntil({ what: launch.name, timeoutMs: 30_000, signal, process, check });
  return { name: launch.name, origin, pid: process.record.pid, headers: {} };
}

function get(url: string, ca: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(url, { ca, headers, signal, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode, text }));
    });
    sent.once("error", reject);
    sent.end();
  });
}
