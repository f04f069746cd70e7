import type { Pod } from "../../src/api/pod.ts";
import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { type Column, renderTable } from "../../src/cli/terminal/table.ts";
import { parseSelection } from "../../src/rewriting/notes/read.ts";

/** A Pod of the demonstration, as it was asked for and as it became. */
export interface DemoPod {
  readonly name: string;
  /** One of the Deployment's, which may land anywhere; the others are aimed at a machine type. */
  readonly deployed: boolean;
  /** The node it was bound to, or the nodes that it may land on. */
  readonly node: string;
  readonly machineType: string;
  readonly asked: string;
  readonly after: Pod;
  /** What the container printed, where it ran. */
  readonly printed?: string;
}

/** What the columns of a row are made of. */
interface Row {
  readonly pod: string;
  readonly pods: number;
  readonly node: string;
  readonly machineType: string;
  readonly asked: string;
  readonly image: string;
  readonly last: string;
}

/** The tables at the end: which build each Pod got, and what it printed or why. `width`: columns of the terminal. */
export function report(pods: readonly DemoPod[], tags: ReadonlyMap<string, string>, width: number | undefined): string {
  const last = pods.some(({ printed }) => printed !== undefined) ? "PRINTED" : "WHY";
  const aimed = pods.filter(({ deployed }) => !deployed).map(rowOf);
  const free = grouped(pods.filter(({ deployed }) => deployed).map(rowOf));
  const bound = pods.some(({ after }) => after.spec.nodeName !== undefined);
  return [
    "Pods aimed at one machine type each: the build is chosen as they are admitted.",
    table(aimed, { first: { header: "POD", of: ({ pod }) => pod }, last, tags, width }),
    "",
    bound
      ? "A Deployment for any machine: builds chosen as its Pods are bound to nodes."
      : "A Deployment for any machine: chosen when a Pod is bound, as nothing is here.",
    table(free, { first: { header: "PODS", of: ({ pods: count }) => count }, last, tags, width }),
  ].join("\n");
}

function rowOf({ name, node, machineType, asked, after, printed = reasonOf(after) }: DemoPod): Row {
  const image = after.spec.containers?.[0]?.image ?? "";
  return { pod: name, pods: 1, node, machineType, asked, image, last: printed };
}

/** The replicas that came out alike, on the same node, as one row. */
function grouped(rows: readonly Row[]): readonly Row[] {
  const groups = new Map<string, Row>();
  for (const row of rows) {
    const key = JSON.stringify([row.node, row.image, row.last]);
    groups.set(key, { ...row, pods: (groups.get(key)?.pods ?? 0) + 1 });
  }
  return [...groups.values()].sort((one, other) => one.node.localeCompare(other.node));
}

interface Part {
  readonly header: string;
  readonly of: (row: Row) => string | number;
}

interface Layout {
  readonly parts: readonly Part[];
  /** Columns of the terminal that the text at the end of a line should have left at least. */
  readonly readable: number;
}

interface TableOptions {
  readonly first: Part;
  /** Header of the last column, the only one that wraps. */
  readonly last: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly width: number | undefined;
}

/** A table with as much in it as the width lets be read: what all rows have in common goes first, then the digests. */
function table(rows: readonly Row[], { first, last, tags, width }: TableOptions): string {
  const node: Part = { header: "NODE", of: (row) => row.node };
  const type = (header: string): Part => ({ header, of: (row) => row.machineType });
  const got = (of: (image: string) => string): Part => ({ header: "GOT", of: ({ image }) => of(image) });
  const digest = (image: string): string => shortImage(image, tags).replace(/^[^@]+@/, "");
  const tag = (image: string): string => tagOf(image, tags) ?? digest(image);
  const wide: Layout = {
    parts: [
      first,
      node,
      type("MACHINE TYPE"),
      { header: "ASKED", of: ({ asked }) => asked },
      got((image) => shortImage(image, tags)),
    ],
    readable: 40,
  };
  if (width === undefined) return render(wide.parts, rows, { header: last });
  const narrow: Layout = { parts: [first, node, type("TYPE"), got(tag)], readable: 24 };
  const layouts: readonly Layout[] = [
    wide,
    { parts: [first, node, type("TYPE"), got(digest)], readable: 40 },
    narrow,
    { parts: [node, type("TYPE"), got(tag)], readable: 24 },
  ];
  const longest = Math.max(...rows.map((row) => row.last.length), last.length);
  const fits = layouts.find(({ parts, readable }) => {
    const start = render(parts, rows, { header: "|" }).indexOf("|");
    return width - start >= Math.min(longest, readable);
  });
  return render((fits ?? narrow).parts, rows, { header: last, overflow: "wrap", minWidth: 24 }, width);
}

/** The parts of each row, and the text at its end. */
function render(parts: readonly Part[], rows: readonly Row[], last: Column, width?: number): string {
  // Only the last column gives way: the layout was chosen so that the others fit.
  const rigid = width === undefined ? {} : { minWidth: width };
  return renderTable({
    columns: [...parts.map(({ header }): Column => ({ header, ...rigid })), last],
    rows: rows.map((row) => [...parts.map(({ of }) => of(row)), row.last]),
    ...(width === undefined ? {} : { width }),
  });
}

/** `qnib/bench@sha256:1a2b3c4d… (:cpu-skylake)`: enough of the digest to recognise it, and the tag it was pushed under. */
function shortImage(image: string, tags: ReadonlyMap<string, string>): string {
  const [name = image, digest] = image.split("@", 2);
  if (digest === undefined) return image;
  const tag = tagOf(image, tags);
  return `${name}@${digest.slice(0, 15)}…${tag === undefined ? "" : ` (${tag})`}`;
}

/** `:cpu-skylake` */
function tagOf(image: string, tags: ReadonlyMap<string, string>): string | undefined {
  const tag = tags.get(image.split("@", 2)[1] ?? "");
  return tag === undefined ? undefined : `:${tag}`;
}

function reasonOf(pod: Pod): string {
  const [note] = parseSelection(pod.metadata.annotations?.[selectionAnnotation]).values();
  return note?.reason ?? "";
}
