// What a pull through metahub proxy costs, beside the registry behind it, a pull-through cache and nginx, over TLS on
// both sides, in the same run. Targets: the p50 of a warm manifest within twice nginx's, streamed blobs at least 0.8 times
// as fast as through nginx. Run: npm run bench -- proxy, or a part of it: proxy:manifests, proxy:blobs
// A number in place of the part, of requests for one measure in place of 400, tries it out: what it says then means little.
import { randomFillSync } from "node:crypto";
import { renderTable } from "../../src/cli/terminal/table.ts";
import { parseReference } from "../../src/oci/reference.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { openRun } from "../cluster/run.ts";
import { publishBuilds } from "../demo/builds.ts";
import { build } from "../demo/bundle.ts";
import { type LoadResult, load, median } from "./load.ts";
import { withShare } from "./proxy/processors.ts";
import {
  type BenchServer,
  type Files,
  issueFiles,
  startCache,
  startMetahub,
  startNginx,
  startUpstream,
} from "./proxy/servers.ts";
import { stream } from "./proxy/stream.ts";

const fullRequests = 400;
const parts = ["manifests", "blobs"];
const [asked] = process.argv.slice(2);
const part = asked !== undefined && parts.includes(asked) ? asked : undefined;
const requests = part === undefined ? Number(asked ?? fullRequests) : fullRequests;
if (!(requests > 0)) throw new Error(`there is no part ${asked}, but ${parts.join(" and ")}`);
const rounds = requests < fullRequests ? 1 : 5;
const blobBytes = Math.ceil((64 * requests) / fullRequests) * 1_048_576;
const ours = "metahub proxy";
const base = "nginx";

interface Measured {
  readonly result: LoadResult;
  readonly share: number;
}

/** All servers by turns, so that what else the machine does meets all alike; the first round warms up. */
async function byTurns<T>(servers: readonly BenchServer[], one: (server: BenchServer) => Promise<T>) {
  const results = new Map<string, T[]>(servers.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const server of servers) {
      const result = await one(server);
      if (round > 0) results.get(server.name)?.push(result);
    }
  }
  return results;
}

async function benchManifests(servers: readonly BenchServer[], { ca }: Files, connections: number): Promise<Ratio> {
  const results = await byTurns(servers, async ({ origin, headers, pid }): Promise<Measured> => {
    const accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
    const { value, share } = await withShare(pid, () =>
      load({
        url: `${origin}/v2/qnib/bench/manifests/latest`,
        ...{ ca, connections, headers: { accept, ...headers } },
        requests: connections === 1 ? requests : 2 * requests,
        check: (answer) => {
          if (!JSON.stringify(answer).includes('"schemaVersion"')) throw new Error("that is no manifest");
        },
      }),
    );
    return { result: value, share };
  });
  const middle = (name: string, of: (one: Measured) => number): number => median((results.get(name) ?? []).map(of));
  const p50 = (name: string): number => middle(name, ({ result }) => result.p50);
  console.log(
    renderTable({
      columns: ["CONNECTIONS", "SERVER", "P50 MS", "P99 MS", "REQUESTS/S", "PROCESSORS", "P50 / NGINX"].map(column),
      rows: servers.map(({ name }) => [
        connections,
        name,
        p50(name).toFixed(2),
        middle(name, ({ result }) => result.p99).toFixed(2),
        Math.round(middle(name, ({ result }) => result.perSecond)),
        middle(name, ({ share }) => share).toFixed(2),
        ratio(p50(name), p50(base)),
      ]),
    }),
  );
  return { what: `warm manifest, ${connections} connections: p50`, value: p50(ours) / p50(base), most: 2 };
}

async function benchBlobs(
  servers: readonly BenchServer[],
  { ca }: Files,
  digest: string,
  connections: number,
): Promise<Ratio> {
  const results = await byTurns(servers, ({ origin, headers, pid }) =>
    withShare(pid, () =>
      stream({ url: `${origin}/v2/qnib/bench/blobs/${digest}`, ca, headers, connections, size: blobBytes }),
    ),
  );
  const speed = (name: string): number => median((results.get(name) ?? []).map(({ value }) => value));
  console.log(
    renderTable({
      columns: ["PULLS AT ONCE", "SERVER", "MIB/S", "PROCESSORS", "MS / MIB", "SPEED / NGINX"].map(column),
      rows: servers.map(({ name }) => [
        connections,
        name,
        Math.round(speed(name)),
        median((results.get(name) ?? []).map(({ share }) => share)).toFixed(2),
        median((results.get(name) ?? []).map(({ share, value }) => (share * 1_000) / value)).toFixed(2),
        ratio(speed(name), speed(base)),
      ]),
    }),
  );
  return { what: `blobs, ${connections} at once: speed`, value: speed(ours) / speed(base), least: 0.8 };
}

/** Beside nginx, and what it should be. */
interface Ratio {
  readonly what: string;
  readonly value: number;
  readonly most?: number;
  readonly least?: number;
}

function column(header: string) {
  return { header, align: header === "SERVER" ? ("left" as const) : ("right" as const) };
}

const ratio = (value: number, of: number): string => (of > 0 ? `${(value / of).toFixed(2)}x` : "");

async function pushBlob(upstream: BenchServer, ca: string, signal: AbortSignal): Promise<string> {
  const { host } = new URL(upstream.origin);
  const mirrors = new Map([["docker.io", host]]);
  const client = new RegistryClient({ mirrors, plainHttp: () => false, allowPrivate: true, ca });
  try {
    const bytes = randomFillSync(new Uint8Array(blobBytes));
    return await client.pushBlob(parseReference("qnib/bench"), bytes, { credentials: undefined, signal });
  } finally {
    await client.close();
  }
}

const ended = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => ended.abort(new Error("interrupted")));
const { signal } = ended;
await build();
const run = await openRun({ signal });
try {
  const files = await issueFiles(run);
  const upstream = await startUpstream(run, files, signal);
  await publishBuilds(new URL(upstream.origin).host, undefined, signal, files.ca);
  const digest = await pushBlob(upstream, files.ca, signal);
  const others = [await startCache(run, files, upstream, signal), await startNginx(run, files, upstream, signal)];
  const servers = [
    await startMetahub(run, files, upstream, signal),
    upstream,
    ...others.filter((server) => server !== undefined),
  ];
  if (servers.length < 4) console.log("Left out: what is not here of docker-registry and nginx (nginx-light).");
  const ratios: Ratio[] = [];
  for (const connections of part === "blobs" ? [] : [1, 16]) {
    ratios.push(await benchManifests(servers, files, connections));
  }
  for (const connections of part === "manifests" ? [] : [1, 4]) {
    ratios.push(await benchBlobs(servers, files, digest, connections));
  }
  for (const { what, value, most, least } of ratios.filter(({ value }) => Number.isFinite(value))) {
    const met = value <= (most ?? Number.POSITIVE_INFINITY) && value >= (least ?? 0);
    const target = most === undefined ? `at least ${least}` : `at most ${most}`;
    console.log(`${met ? "met   " : "MISSED"} ${what} ${value.toFixed(2)} times nginx's (${target})`);
    if (!met) process.exitCode = 1;
  }
} finally {
  await run.end();
}
