// The tenant of the siege, whose Pods come by way of the API server: very many containers, wide maps, hostile indexes,
// hosts that never answer, configurations that do not end or fail, and a repository of the others' registry that fails.
// Ends with its standard input.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostileIndexes } from "../hostile-indexes.ts";
import { forgedNotes, forgedSelection } from "./notes.ts";
import { atRate } from "./pace.ts";
import { crowd, tenant as rates } from "./rates.ts";
import { podOf, Reviews, readTarget, reviewOf } from "./reviews.ts";

const target = readTarget();
/** Of the registries of hostile indexes and of slow configurations, and of the others' registry. */
const [hostile = "", slow = "", shared = ""] = process.argv.slice(3);
const reviews = new Reviews(target, 64);
const ownNamespace = "tenant";
const { signal } = new AbortController();
const kinds = Object.keys(hostileIndexes).length;
const silentHosts = 200;
const nodeName = "node1";

/** A host that takes connections and requests, and never answers. */
async function silent(): Promise<string> {
  const server: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const hosts = await Promise.all(Array.from({ length: silentHosts }, silent));
const images = (count: number, image: (row: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, row) => image(row));

interface Attack {
  readonly images: readonly string[];
  /** Default: the tenant's one. */
  readonly namespace?: string;
  readonly metadata?: object;
  readonly spec?: object;
  /** Whether the Pod is there, and is changed. Default: it is created. */
  readonly update?: boolean;
}
const configured = (kind: string) => (row: number) => ({
  images: images(4, (place) => `${slow}/${kind}/s${row * 4 + place}`),
});
const wide = Object.fromEntries(Array.from({ length: 90_000 }, (_, key) => [`k${key}`, "v"]));
/** Before any of the notes. */
const creationTimestamp = new Date().toISOString();

const pods: Readonly<Record<keyof typeof rates, (row: number) => Attack>> = {
  largePods: (row) => ({ images: images(20_000, (place) => `${hosts[0]}/y:${row}-${place}`) }),
  hostilePods: (row) => ({
    images: images(8, (place) => `${hostile}/k${(row * 8 + place) % kinds}/s${row * 8 + place}:latest`),
  }),
  silentPods: (row) => ({ images: images(40, (place) => `${hosts[(row * 40 + place) % silentHosts]}/x${row}`) }),
  failingPods: (row) => ({ images: images(5, (place) => `${shared}/evil/x:${row}-${place}`) }),
  slowSmallPods: configured("small"),
  slowLargePods: configured("large"),
  failingConfigurations: configured("failing"),
  coldPods: (row) => ({
    namespace: `crowd-${row % crowd}`,
    images: images(2, (place) => `${shared}/good/crowd:${row}-${place}`),
  }),
  wideMaps: (row) => ({ images: [`${shared}/good/wide:${row}`], spec: { nodeSelector: wide } }),
  sameNames: (row) => {
    // A name for each note, and then the first one again and again.
    const containers = images(1_000, (place) => `${shared}/good/same:${row}-${place % 8}`).map((image, place) => ({
      name: `c${place < forgedNotes ? place : 0}`,
      image,
    }));
    const annotations = forgedSelection(target.noteKey, `${shared}/good/app:latest`);
    // Of a Pod that runs they are tried under all options that it may have had.
    return row % 2 === 0
      ? { images: [], spec: { containers }, metadata: { annotations } }
      : { images: [], spec: { containers, nodeName }, metadata: { annotations, creationTimestamp }, update: true };
  },
};

for (const [name, perSecond] of Object.entries(rates)) {
  const make = pods[name as keyof typeof rates];
  // What becomes of its own Pods is of no interest here; the others' are looked at.
  atRate(perSecond, signal, async (row) => {
    const { images: asked, namespace = ownNamespace, spec, metadata, update = false } = make(row);
    const object = podOf(namespace, `${name}-${row}`, asked, spec, metadata);
    const review = reviewOf({ namespace, name: "", object, ...(update ? { oldObject: object } : {}) });
    await reviews.post("/mutate/pods", review, 5_000).catch(() => undefined);
  });
}
process.stdout.write("attacks\n");
process.stdin.resume().once("end", () => process.exit(0));
