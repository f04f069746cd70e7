// How long the event loop is held while the most hostile legal indexes are read and judged for 8 kinds of machines, in
// slices and in a worker thread, and how long an ordinary one takes meanwhile
// (target: no look-up holds the loop over 20 ms on a machine that does nothing else).
// Run: npm run bench -- slices
import { Worker } from "node:worker_threads";
import { renderTable } from "../../src/cli/terminal/table.ts";
import { parseFeatures } from "../../src/hardware/parse.ts";
import { parseReference } from "../../src/oci/reference.ts";
import type { PlacedProfile } from "../../src/placement/placement.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { ImageSource } from "../../src/registry/images.ts";
import { Selections } from "../../src/rewriting/selections.ts";
import { Gaps, type Held } from "./gaps.ts";
import { hostileIndexes, offeredFeatures, ordinaryIndex, salted } from "./hostile-indexes.ts";
import { median } from "./load.ts";
import { startProgram } from "./program.ts";
import type { ReadingJob, ReadingResult } from "./reading-worker.ts";

const rounds = 5;
const places = 8;
/** The row of `ordinaryIndex` in the registry. */
const ordinary = Object.keys(hostileIndexes).length;

const features = offeredFeatures.flatMap((text) => parseFeatures(text, {}));
const landings: readonly PlacedProfile[] = Array.from({ length: places }, (_, row) => ({
  profile: { id: `p${row}`, platform: { os: "linux", architecture: "amd64" }, features, accelerators: [], notes: [] },
  machineTypes: [],
  nodes: 1,
  templates: 0,
  example: { kind: "node", name: `p${row}` },
}));
const machines = landings.map(({ profile }) => profile);

interface Measured {
  readonly held: Held;
  /** From the question to the answer, ms. */
  readonly took: number;
}

async function measured(work: () => Promise<unknown>): Promise<Measured> {
  // What is left of the round before is collected by then, as far as the collector wants to.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const gaps = new Gaps();
  const began = performance.now();
  await work();
  return { took: performance.now() - began, held: gaps.stop() };
}

/** The middle of all rounds. */
function summary(all: readonly Measured[]): { readonly wall: string; readonly cpu: string; readonly took: string } {
  return {
    wall: median(all.map(({ held }) => held.wall)).toFixed(1),
    cpu: median(all.map(({ held }) => held.cpu)).toFixed(1),
    took: median(all.map(({ took }) => took)).toFixed(0),
  };
}

/** As the webhook does it: from the registry to the choice, all caches cold. */
class Slices {
  readonly #client = new RegistryClient({ plainHttp: () => true, allowPrivate: true, cacheBytes: 1 });
  readonly #images = new ImageSource(this.#client, { maxBytes: 1 });
  readonly #host: string;

  constructor(host: string) {
    this.#host = host;
  }

  async lookup(kind: number, salt: number): Promise<void> {
    const { signal } = new AbortController();
    const reference = parseReference(`${this.#host}/k${kind}/s${salt}:latest`);
    const image = await this.#images.lookup(reference, { credentials: undefined, signal });
    if (image.kind !== "index") throw new Error("the registry has indexes alone");
    await new Selections().judge(image, landings, { accelerated: false, common: false }, signal);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** The prototype: bytes go over to the thread, and variants or choices come back. */
class ReadingThread {
  readonly #worker = new Worker(new URL("reading-worker.ts", import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 },
  });
  readonly #waiting = new Map<number, (result: ReadingResult) => void>();
  #last = 0;

  constructor() {
    this.#worker.on("message", (result: ReadingResult) => {
      this.#waiting.get(result.id)?.(result);
      this.#waiting.delete(result.id);
    });
  }

  read(buffer: Buffer, list: boolean): Promise<ReadingResult> {
    const id = ++this.#last;
    const bytes = new Uint8Array(buffer);
    const job: ReadingJob = { id, bytes, machines, list };
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#worker.postMessage(job, [bytes.buffer]);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** One row for each kind of index. */
async function compare(slices: Slices, thread: ReadingThread): Promise<string> {
  const rows: (string | number)[][] = [];
  let salt = 0;
  for (const [kind, [name, make]] of Object.entries(hostileIndexes).entries()) {
    const bytes = make();
    const runs = { idle: [], slices: [], list: [], choice: [] } as Record<string, Measured[]>;
    for (let round = 0; round <= rounds; round += 1) {
      salt += 1;
      const inSlices = await measured(() => slices.lookup(kind, salt));
      const list = await measured(() => thread.read(salted(bytes, salt), true));
      const choice = await measured(() => thread.read(salted(bytes, salt), false));
      // As long as the slices took: how long the machine takes the loop away from one that does nothing.
      const idle = await measured(() => new Promise((resolve) => setTimeout(resolve, inSlices.took)));
      // The first round warms up.
      if (round > 0)
        for (const [key, value] of Object.entries({ idle, slices: inSlices, list, choice })) runs[key]?.push(value);
    }
    const [idle, inSlices, list, choice] = Object.values(runs).map(summary);
    const pair = (one: ReturnType<typeof summary> | undefined): string => `${one?.wall} ${one?.cpu?.padStart(5)}`;
    rows.push([name, pair(idle), pair(inSlices), inSlices?.took ?? "", pair(list), pair(choice), choice?.took ?? ""]);
  }
  return renderTable({
    columns: [
      { header: "HELD, MS" },
      { header: "IDLE", align: "right" },
      { header: "SLICES", align: "right" },
      { header: "TOOK", align: "right" },
      { header: "LIST", align: "right" },
      { header: "CHOICE", align: "right" },
      { header: "TOOK", align: "right" },
    ],
    rows,
  });
}

/** What an ordinary index takes while the costliest is being read: in slices it takes turns, in one thread it waits. */
async function beside(slices: Slices, thread: ReadingThread): Promise<string> {
  const [hostile, small] = [Object.values(hostileIndexes)[0]?.(), ordinaryIndex()];
  if (hostile === undefined) throw new Error("there is one");
  const rows: (string | number)[][] = [];
  const took = { alone: [], beside: [] } as Record<string, Measured[]>;
  const inThread = { alone: [], beside: [] } as Record<string, Measured[]>;
  for (let salt = 1_000; salt < 1_000 + rounds; salt += 1) {
    took["alone"]?.push(await measured(() => slices.lookup(ordinary, salt)));
    inThread["alone"]?.push(await measured(() => thread.read(salted(small, salt), true)));
    const long = slices.lookup(0, salt);
    took["beside"]?.push(await measured(() => slices.lookup(ordinary, salt + rounds)));
    await long;
    const inLine = thread.read(salted(hostile, salt), true);
    inThread["beside"]?.push(await measured(() => thread.read(salted(small, salt), true)));
    await inLine;
  }
  for (const [name, of] of Object.entries({ slices: took, "one worker": inThread })) {
    const ms = (key: string): string => summary(of[key] ?? []).took;
    rows.push([name, ms("alone"), ms("beside")]);
  }
  return renderTable({
    columns: [
      { header: "AN ORDINARY INDEX, MS (MEDIAN)" },
      { header: "ALONE", align: "right" },
      { header: "BESIDE A HOSTILE ONE", align: "right" },
    ],
    rows,
  });
}

const registry = await startProgram("hostile-registry.ts");
const slices = new Slices(`127.0.0.1:${registry.told}`);
const before = process.memoryUsage.rss();
const began = performance.now();
const thread = new ReadingThread();
try {
  await thread.read(ordinaryIndex(), true);
  const grown = (process.memoryUsage.rss() - before) / 1_048_576;
  const started = `a worker starts and reads its first index in ${(performance.now() - began).toFixed(0)} ms`;
  console.log("held: by the clock, and in processor time; the middle of all rounds");
  console.log("slices: as the webhook does it; list, choice: a worker that sends back all builds, or what it chose");
  console.log(await compare(slices, thread));
  console.log(await beside(slices, thread));
  console.log(`${started}, and takes ${grown.toFixed(0)} MiB`);
} finally {
  await thread.close();
  await slices.close();
  await registry.stop();
}
