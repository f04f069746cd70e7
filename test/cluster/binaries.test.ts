import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tarArchive } from "./archive.ts";
import { type BinarySources, missingBinaries, needsBuild, resolveBinaries } from "./binaries.ts";
import { ClusterError, MissingRequirement } from "./error.ts";
import { createProgress } from "./progress.ts";
import type { BinaryName } from "./releases.ts";

const signal = AbortSignal.timeout(60_000);
const programBytes = Buffer.from("#!/bin/sh\necho published\n");
const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

let base = "";
let server: Server;
let requests: string[] = [];
let lines: string[] = [];
/** What the release server does; each test says. */
let handler: RequestListener;

beforeEach(async () => {
  handler = (_, response) => response.writeHead(404).end();
  base = mkdtempSync(join(tmpdir(), "metahub-binaries-"));
  requests = [];
  lines = [];
  server = createServer((request, response) => {
    requests.push(request.url ?? "");
    handler(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(base, { recursive: true, force: true });
});

/** A Go that counts its calls and writes what `-o` asks for. */
function fakeGo(body = 'printf "#!/bin/sh\\necho built\\n" >"$out"; chmod +x "$out"'): string {
  const path = join(base, `go-${crypto.randomUUID()}`);
  const parse = 'while [ $# -gt 0 ]; do if [ "$1" = -o ]; then out=$2; fi; last=$1; shift; done';
  writeFileSync(path, `#!/bin/sh\n${parse}\necho "$last" >>${base}/go.calls\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

function sources(change: Partial<BinarySources> = {}): BinarySources {
  const address = server.address();
  const url = typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "";
  mkdirSync(join(base, "modules"), { recursive: true });
  return {
    cacheDir: join(base, "cache"),
    platform: { os: "linux", arch: "amd64" },
    releases: {
      etcd: `${url}/etcd`,
      helm: `${url}/helm`,
      kubernetes: `${url}/kubernetes`,
      registry: `${url}/registry`,
    },
    modules: join(base, "modules"),
    go: change.go ?? fakeGo(),
    download: patient,
    ...change,
  };
}

/** Milliseconds: a busy machine must not be taken for a server that does not answer. */
const patient = { answerMs: 20_000, stallMs: 20_000 };
const progress = createProgress((line) => lines.push(line));
const goCalls = (): string[] =>
  existsSync(join(base, "go.calls")) ? readFileSync(join(base, "go.calls"), "utf8").trim().split("\n") : [];
const resolve = async (name: BinaryName, from: BinarySources): Promise<string> =>
  readFileSync((await resolveBinaries([name], from, progress, signal))(name), "utf8");

/** Serves a file and its checksum as its project publishes them. */
function publish(file: string, content: Uint8Array, checksumFile: string, checksum: string): void {
  handler = (request, response) => {
    const name = basename(request.url ?? "");
    if (name === file) response.end(content);
    else if (name === checksumFile) response.end(checksum);
    else response.writeHead(404).end();
  };
}

describe("a published program", () => {
  const archive = (path: string): Buffer => gzipSync(tarArchive([{ path, content: programBytes, mode: 0o755 }]));
  const etcd = archive("etcd-v3.7.3-linux-amd64/etcd");
  const helm = archive("linux-amd64/helm");
  const registry = archive("registry");
  test.each<[BinaryName, string, Uint8Array, string, string]>([
    ["kube-apiserver", "kube-apiserver", programBytes, "kube-apiserver.sha256", sha256(programBytes)],
    ["kubectl", "kubectl", programBytes, "kubectl.sha256", `${sha256(programBytes).toUpperCase()}\n`],
    [
      "helm",
      "helm-v3.22.0-linux-amd64.tar.gz",
      helm,
      "helm-v3.22.0-linux-amd64.tar.gz.sha256sum",
      `${sha256(helm)}  helm-v3.22.0-linux-amd64.tar.gz\n`,
    ],
    [
      "etcd",
      "etcd-v3.7.3-linux-amd64.tar.gz",
      etcd,
      "SHA256SUMS",
      `${"0".repeat(64)}  etcd-v3.7.3-linux-arm64.tar.gz\n${sha256(etcd)}  etcd-v3.7.3-linux-amd64.tar.gz\n`,
    ],
    [
      "registry",
      "registry_3.1.2_linux_amd64.tar.gz",
      registry,
      "registry_3.1.2_linux_amd64.tar.gz.sha256",
      `${sha256(registry)} *registry_3.1.2_linux_amd64.tar.gz\n`,
    ],
  ])("%s is downloaded, checked and cached", async (name, file, content, checksumFile, checksum) => {
    publish(file, content, checksumFile, checksum);
    const from = sources();
    expect(missingBinaries([name], from)).toEqual([name]);
    expect(await needsBuild([name], from, signal)).toBeUndefined();
    expect(await resolve(name, from)).toBe(programBytes.toString());
    expect(missingBinaries([name], from)).toEqual([]);

    const asked = requests.length;
    expect(await resolve(name, from)).toBe(programBytes.toString());
    expect(requests).toHaveLength(asked);
    expect(goCalls()).toEqual([]);
  });
});

describe("a release that cannot be had is built instead, and the progress says why", () => {
  const half = (url: string | undefined): boolean => !url?.endsWith(".sha256");
  test.each<[string, RequestListener, RegExp, BinarySources["download"]?]>([
    [
      "wrong checksum",
      (request, response) => response.end(half(request.url) ? programBytes : "ab".repeat(32)),
      /kubectl has SHA-256 [0-9a-f]{64}, but (ab){32} is published/,
    ],
    [
      "truncated",
      (request, response) => {
        if (!half(request.url)) return void response.end(sha256(programBytes));
        response.writeHead(200, { "content-length": programBytes.length });
        response.write(programBytes.subarray(0, 5), () => response.destroy());
      },
      /broke off after \d+ bytes/,
    ],
    [
      "standing still",
      (request, response) => {
        if (!half(request.url)) return void response.end(sha256(programBytes));
        response.writeHead(200, { "content-length": programBytes.length });
        response.write(programBytes.subarray(0, 5));
      },
      /no byte for 400 ms/,
      { ...patient, stallMs: 400 },
    ],
    ["absent", (_, response) => response.writeHead(404).end(), /sha256 answered 404/],
    ["silent", () => undefined, /cannot be reached/, { ...patient, answerMs: 400 }],
    ["no checksum", (_, response) => response.end("<html>"), /holds no SHA-256 of kubectl/],
  ])("%s", async (_, behaviour, why, download = patient) => {
    handler = behaviour;
    const from = sources({ download });
    expect(await resolve("kubectl", from)).toContain("built");
    expect(lines.join("\n")).toMatch(why);
    expect(goCalls()).toEqual(["k8s.io/kubernetes/cmd/kubectl"]);
    expect(readdirSync(join(from.cacheDir, "kubernetes-v1.37.2-linux-amd64"))).toEqual(["kubectl"]);
    expect(readdirSync(from.cacheDir)).toEqual(["kubernetes-v1.37.2-linux-amd64"]);
  });

  test("nobody answers at all", async () => {
    const from = sources({ releases: { etcd: "", helm: "", registry: "", kubernetes: "http://127.0.0.1:1" } });
    expect(await needsBuild(["kubectl", "kubelet"], from, signal)).toMatch(
      /^kubectl is not cached and http:.* cannot be reached/,
    );
    expect(await resolve("kubectl", from)).toContain("built");
  });
});

describe("a build", () => {
  test("happens once when several ask at the same time", async () => {
    const from = sources({ go: fakeGo('sleep 0.3; printf built >"$out"; chmod +x "$out"') });
    const found = await Promise.all([1, 2, 3].map(() => resolve("kubelet", from)));
    expect(found).toEqual(["built", "built", "built"]);
    expect(goCalls()).toHaveLength(1);
    expect(lines.join("\n")).toMatch(/waiting for process \d+, which fills the cache/);
  });

  test("that fails says what Go said, and leaves nothing half-made", async () => {
    const from = sources({
      go: fakeGo('[ -z "$out" ] && exit 0; echo half >"$out"; echo "missing go.sum entry" >&2; exit 1'),
    });
    await expect(resolve("kubelet", from)).rejects.toThrow(/missing go.sum entry.*built because http.* answered 404/s);
    await expect(resolve("kubelet", from)).rejects.toMatchObject({ name: "ClusterError", code: "BUILD" });
    expect(readdirSync(join(from.cacheDir, "kubernetes-v1.37.2-linux-amd64"))).toEqual([]);
  });

  test("without Go is one line that says what is missing and how to get it", async () => {
    const error = await resolve("kubelet", sources({ go: join(base, "no-go") })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MissingRequirement);
    expect(error).toHaveProperty(
      "message",
      expect.stringMatching(/^missing: Go .*To get it: install it from https:\S+/),
    );
  });

  test("without the modules is one line that says so, and what Go said first", async () => {
    const go = fakeGo('echo "go: downloading x" >&2; echo "x: module lookup disabled by GOPROXY=off" >&2; exit 1');
    const error = await resolve("kubelet", sources({ go })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MissingRequirement);
    expect(error).toHaveProperty(
      "message",
      "missing: the Go modules of k8s.io/kubernetes/cmd/kubelet (x: module lookup disabled by GOPROXY=off). " +
        "To get it: connect this machine to a network, or name a module proxy in GOPROXY",
    );
  });

  test("ends with the caller's signal", async () => {
    const from = sources({ go: fakeGo("exec sleep 60") });
    const controller = new AbortController();
    const going = resolveBinaries(
      ["kubelet"],
      from,
      createProgress(() => undefined),
      controller.signal,
    );
    await expect.poll(goCalls).toHaveLength(1);
    controller.abort(new Error("enough"));
    await expect(going).rejects.toThrow("enough");
    expect(readdirSync(from.cacheDir)).toEqual(["kubernetes-v1.37.2-linux-amd64"]);
  });

  test("of our own programs has a place that changes with their source", async () => {
    const from = sources();
    for (const name of ["pause", "printer"]) {
      mkdirSync(join(from.modules, name));
      writeFileSync(join(from.modules, name, "main.go"), "one");
    }
    const first = (await resolveBinaries(["pause"], from, progress, signal))("pause");
    writeFileSync(join(from.modules, "pause", "main.go"), "two");
    const second = (await resolveBinaries(["pause"], from, progress, signal))("pause");
    expect(dirname(first)).not.toBe(dirname(second));
    expect(goCalls()).toEqual(["./pause", "./pause"]);
    expect(requests).toEqual([]);
  });
});

test("asking for the path of a program that was not resolved is an error", async () => {
  const path = await resolveBinaries([], sources(), progress, signal);
  expect(() => path("helm")).toThrow(ClusterError);
});
