// The tenant of the siege, whose Pods come by way of the API server: very many containers, hostile indexes, hosts that
// never answer, and a repository of the others' registry that fails. Ends with its standard input.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostileIndexes } from "../hostile-indexes.ts";
import { atRate } from "./pace.ts";
import { tenant as rates } from "./rates.ts";
import { podOf, Reviews, readTarget, reviewOf } from "./reviews.ts";

const target = readTarget();
/** Of the registry of hostile indexes, and of the others' registry. */
const [hostile = "", shared = ""] = process.argv.slice(3);
const reviews = new Reviews(target, 64);
const namespace = "tenant";
const { signal } = new AbortController();
const kinds = Object.keys(hostileIndexes).length;
const silentHosts = 200;

/** A host that takes connections and requests, and never answers. */
async function silent(): Promise<string> {
  const server: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const hosts = await Promise.all(Array.from({ length: silentHosts }, silent));
const images = (count: number, image: (row: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, row) => image(row));

const pods: Readonly<Record<keyof typeof rates, (row: number) => readonly string[]>> = {
  largePods: (row) => images(20_000, (place) => `${hosts[0]}/y:${row}-${place}`),
  hostilePods: (row) => images(8, (place) => `${hostile}/k${(row * 8 + place) % kinds}/s${row * 8 + place}:latest`),
  silentPods: (row) => images(40, (place) => `${hosts[(row * 40 + place) % silentHosts]}/x${row}`),
  failingPods: (row) => images(5, (place) => `${shared}/evil/x:${row}-${place}`),
};

for (const [name, perSecond] of Object.entries(rates)) {
  const make = pods[name as keyof typeof rates];
  // What becomes of its own Pods is of no interest here; the others' are looked at.
  atRate(perSecond, signal, async (row) => {
    const object = podOf(namespace, `${name}-${row}`, make(row));
    await reviews.post("/mutate/pods", reviewOf({ namespace, name: "", object }), 5_000).catch(() => undefined);
  });
}
process.stdout.write("attacks\n");
process.stdin.resume().once("end", () => process.exit(0));
