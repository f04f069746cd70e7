// The console's Running page on the server: how long a page of 50,000 Pods takes when nothing changed, and after changes
// of several kinds. Ratios are to the first page, which builds and sorts all of it. Run: npm run bench -- running
import { renderTable } from "../../src/cli/terminal/table.ts";
import { keptPod } from "../../src/console/data/selections/kept-pod.ts";
import type { SelectionGround } from "../../src/console/data/selections/order.ts";
import { SelectionRows } from "../../src/console/data/selections/rows.ts";
import { plainContext } from "../../src/inventory/inventory.ts";
import { SnapshotBuilder } from "../../src/inventory/snapshot.ts";
import { parseObject } from "../../src/kubernetes/object.ts";
import { facts, machineType } from "../support/inventory.ts";
import { median } from "./load.ts";

const pods = 50_000;
const nodes = 1_000;
const rounds = 9;

const builder = new SnapshotBuilder();
const types = [machineType("zen", { pool: "zen" })];
const nodeFacts = Array.from({ length: nodes }, (_, place) =>
  facts(`node-${place}`, { pool: "zen", "archspec.io/cpu.target": "zen3" }),
);
const snapshotWith = (first: string) => {
  const [, ...rest] = nodeFacts;
  const changed = facts("node-0", { pool: "zen", "archspec.io/cpu.target": first });
  return builder.build([changed, ...rest], types, plainContext);
};

/** Places are mixed, as a watch gives them: in no order of their names. */
const mixed = (place: number): number => (place * 7919) % pods;
let written = 0;
function podAt(place: number) {
  written += 1;
  const digest = `sha256:${"b".repeat(64)}`;
  const note = { asked: "qnib/bench", code: "selected", reason: `the best ${written}`, requires: "cpu:zen2" };
  const made = keptPod(
    parseObject({
      metadata: {
        name: `bench-${mixed(place).toString(36)}`,
        namespace: `team-${place % 40}`,
        creationTimestamp: "2026-04-01T00:00:00Z",
        annotations: {
          "metahub.dev/selection": JSON.stringify({ app: { ...note, at: "2026-05-01T10:00:00Z", variant: digest } }),
        },
      },
      spec: { nodeName: `node-${place % nodes}`, containers: [{ name: "app", image: `qnib/bench@${digest}` }] },
      status: { phase: "Running" },
    }),
  );
  if (made === undefined) throw new Error("the Pod is passed over");
  return made;
}

const store = new Map(Array.from({ length: pods }, (_, place) => [String(place), podAt(place)]));
const rows = new SelectionRows();
let version = 0;
let ground: SelectionGround = { snapshot: snapshotWith("zen3"), namespaces: new Map() };

/** Milliseconds of one page of all Pods. */
function page(): number {
  const began = performance.now();
  const { total } = rows.page(store.values(), ground, { limit: 500 }, String(version));
  const took = performance.now() - began;
  if (total !== store.size) throw new Error(`${total} rows of ${store.size} Pods`);
  return took;
}

/** After a change, several times. */
function after(change: (round: number) => void): number {
  return median(
    Array.from({ length: rounds }, (_, round) => {
      change(round);
      version += 1;
      return page();
    }),
  );
}

const first = page();
const cases: readonly (readonly [what: string, took: number])[] = [
  ["nothing changed", median(Array.from({ length: rounds }, page))],
  ["one Pod changed", after((round) => store.set(String(round), podAt(round)))],
  [
    "one Pod came, one went",
    after((round) => {
      store.delete(String(1_000 + round));
      store.set(`new ${round}`, podAt(1_000 + round));
    }),
  ],
  [
    "1 % of the Pods changed",
    after((round) => {
      for (let place = 0; place < pods / 100; place++) {
        const key = 5_000 + round * (pods / 100) + place;
        store.set(String(key), podAt(key));
      }
    }),
  ],
  [
    "one node offers something else",
    after((round) => {
      ground = { ...ground, snapshot: snapshotWith(round % 2 === 0 ? "broadwell" : "zen3") };
    }),
  ],
  [
    "who may see less looked in between",
    after(() => {
      rows.page(store.values(), { snapshot: undefined, namespaces: undefined }, { limit: 500 }, `less ${version}`);
    }),
  ],
];
console.log(
  renderTable({
    columns: [
      { header: `A PAGE OF ${pods} PODS` },
      ...["MS", "RATIO"].map((header) => ({ header, align: "right" as const })),
    ],
    rows: [["the first", first] as const, ...cases].map(([what, took]) => [
      what,
      took.toFixed(1),
      (took / first).toFixed(2),
    ]),
  }),
);
