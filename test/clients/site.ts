import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultSources, resolveBinaries } from "../cluster/binaries.ts";
import { mustRun } from "../cluster/command.ts";
import { endPhase } from "../cluster/control-plane.ts";
import { launchDistribution, whyNotOk } from "../cluster/distribution.ts";
import { createAuthority } from "../cluster/pki.ts";
import { freePorts } from "../cluster/ports.ts";
import { createProgress } from "../cluster/progress.ts";
import { openRun, type Run, startProcess } from "../cluster/run.ts";
import { waitUntil } from "../cluster/wait.ts";
import { type PublishedBuilds, publishBuilds } from "../demo/builds.ts";
import { examplesFolder } from "../demo/examples.ts";
import type { TarFile } from "../support/registry/tar.ts";
import { publishMisfit } from "./upstream.ts";

const program = join(import.meta.dirname, "../../dist/metahub.mjs");

/** The machine types of the examples, each with a login of its own. */
export const machineTypes = ["type1", "type2", "type3", "type4"] as const;
export type MachineTypeName = (typeof machineTypes)[number];

/** What the build for each machine type prints when it runs. */
export const prints: Readonly<Record<MachineTypeName, string>> = {
  type1: ">> This container is optimized for: cpu:broadwell",
  type2: ">> This container is optimized for: cpu:skylake",
  type3: ">> This container is not optimized for a specific microarchitecture",
  type4: ">> This container is optimized for: cpu:broadwell,nvcap:5.2",
};

/** What the generic build prints. It stands first in the index: runtimes take it where they are given that. */
export const first = prints.type3;

export interface Login {
  readonly username: string;
  readonly secret: string;
}

/** `metahub proxy` over TLS, before a real registry with `qnib/bench` and `qnib/gpu`. All of it ends with its run. */
export interface Site {
  /** Further processes of a test belong into it: they end with it. */
  readonly run: Run;
  /** `hub.example.com:PORT`, as clients name the registry. Their hosts file says that it is this machine. */
  readonly host: string;
  /** File with the certificate of an authority that nothing else on this machine trusts (PEM). */
  readonly caFile: string;
  /** To be seen by clients in place of /etc/hosts. */
  readonly hostsFile: string;
  readonly builds: PublishedBuilds;
  /** The registry behind it, `HOST:PORT`, by plain HTTP. */
  readonly upstream: string;
  /** The folder that the proxy follows. */
  readonly hub: string;
  readonly logins: Readonly<Record<MachineTypeName, Login>>;
  /** All that the proxy has logged. */
  log(): Promise<string>;
  end(): Promise<void>;
}

/**
 * The name of the registry in the pages, one that is nobody's (RFC 2606). Not localhost: some clients speak plain HTTP to
 * that, and docker believes any certificate on 127.0.0.0/8. Hence it is on ::1.
 */
export const hubName = "hub.example.com";
const loopback: Place = { name: hubName, address: "::1" };

/** Where clients go by themselves when they are not told otherwise. They find nobody there: nothing leaves the machine. */
const elsewhere = ["docker.io", "index.docker.io", "registry-1.docker.io", "auth.docker.io"];

/** Where the proxy listens, and its name there. */
interface Place {
  readonly name: string;
  readonly address: string;
}

export interface SiteOptions {
  /** Default: hub.example.com on this machine alone. */
  readonly place?: Place;
  /** An upstream that is there already, `HOST:PORT`. Default: a registry of its own. */
  readonly upstream?: string;
  /** Vouches for clients' certificates (PEM). */
  readonly clientCa?: string;
  readonly signal: AbortSignal;
}

/** Where ch-run and Apptainer mount parts of the machine. */
const mountPoints: readonly TarFile[] = [
  ...["dev/", "etc/", "home/", "proc/", "sys/", "tmp/"].map((path) => ({ path })),
  ...["etc/group", "etc/hosts", "etc/passwd", "etc/resolv.conf"].map((path) => ({ path, mode: 0o644 })),
];

const readyMs = 30_000;

export async function startSite({ place = loopback, upstream, clientCa, signal }: SiteOptions): Promise<Site> {
  const { name, address } = place;
  const binary = await resolveBinaries(["registry", "printer"], defaultSources(), createProgress(undefined), signal);
  const run = await openRun({ signal });
  try {
    const [registryPort = 0, port = 0, healthPort = 0] = await freePorts(3);
    const behind = upstream ?? (await launchDistribution(run, binary("registry"), { port: registryPort }, signal));
    const printer = { binary: await readFile(binary("printer")), once: true, files: mountPoints };
    const builds = await publishBuilds(behind, printer, signal);
    await publishMisfit(behind, signal);
    const hub = join(run.dir, "hub");
    await cp(join(examplesFolder, "inventory"), hub, { recursive: true });
    const logins = await createLogins(hub, signal);
    const host = `${name}:${port}`;
    const hostsFile = join(run.dir, "hosts");
    await writeFile(hostsFile, `127.0.0.1 localhost\n${address} ${name}\n${address} ${elsewhere.join(" ")}\n`);
    const clients = join(run.dir, "clients.crt");
    if (clientCa !== undefined) await writeFile(clients, clientCa);
    const { caFile, ...certificate } = await issue(run.dir, place);
    const proxy = await startProcess(run, {
      name: "proxy",
      phase: endPhase.client,
      command: process.execPath,
      args: [
        ...[program, "proxy", "--inventory", hub, "--external-url", `https://${host}`],
        ...["--address", address, "--port", String(port), "--health-port", String(healthPort)],
        ...["--tls-cert-file", certificate.certificateFile, "--tls-key-file", certificate.keyFile],
        ...["--key-file", join(run.dir, "token-keys"), "--mirror", `docker.io=http://${behind}`],
        ...["--plain-http", behind, ...(clientCa === undefined ? [] : ["--client-ca-file", clients])],
      ],
    });
    const check = (each: AbortSignal): Promise<string | undefined> =>
      whyNotOk(`http://${address.includes(":") ? `[${address}]` : address}:${healthPort}/readyz`, each);
    await waitUntil({ what: "the proxy", timeoutMs: readyMs, signal, process: proxy, check });
    const log = (): Promise<string> => readFile(proxy.record.log, "utf8");
    return { run, host, caFile, hostsFile, builds, upstream: behind, hub, logins, log, end: () => run.end() };
  } catch (error) {
    await run.end();
    throw error;
  }
}

async function createLogins(hub: string, signal: AbortSignal): Promise<Record<MachineTypeName, Login>> {
  const create = async (type: MachineTypeName): Promise<Login> => {
    const username = `qnib-${type}`;
    const args = ["credentials", "create", type, "--inventory", hub, "--machine-type", type, "--username", username];
    const { stdout } = await mustRun(process.execPath, [program, ...args, "-o", "json"], { signal });
    const { secret }: { secret: string } = JSON.parse(stdout);
    return { username, secret };
  };
  const [type1, type2, type3, type4] = await Promise.all([
    create("type1"),
    create("type2"),
    create("type3"),
    create("type4"),
  ]);
  return { type1, type2, type3, type4 };
}

async function issue(dir: string, { name, address }: Place) {
  const authority = await createAuthority();
  const request = { commonName: name, server: true, hosts: [name], addresses: [address] };
  const { certificate, key } = await authority.issue(request);
  const files = {
    caFile: join(dir, "ca.crt"),
    certificateFile: join(dir, "proxy.crt"),
    keyFile: join(dir, "proxy.key"),
  };
  await writeFile(files.caFile, authority.certificate);
  await writeFile(files.certificateFile, certificate);
  await writeFile(files.keyFile, key, { mode: 0o600 });
  return files;
}
