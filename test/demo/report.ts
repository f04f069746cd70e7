import { parseSelection, selectionAnnotation } from "../../src/admission/annotation.ts";
import type { Pod } from "../../src/api/pod.ts";
import { renderTable } from "../../src/cli/table.ts";

/** A Pod of the demonstration, as it was asked for and as it became. */
export interface DemoPod {
  readonly name: string;
  /** The node it was bound to, or the nodes that it may land on. */
  readonly node: string;
  readonly machineType: string;
  readonly asked: string;
  readonly after: Pod;
  /** What the container printed, where it ran. */
  readonly printed?: string;
}

/** The table at the end: Pod, node, machine type, asked, got, why. */
export function report(pods: readonly DemoPod[], tags: ReadonlyMap<string, string>, width: number | undefined): string {
  const prints = pods.some(({ printed }) => printed !== undefined);
  return renderTable({
    columns: [
      { header: "POD" },
      { header: "NODE" },
      { header: "MACHINE TYPE" },
      { header: "ASKED" },
      { header: "GOT" },
      prints ? { header: "PRINTED", overflow: "wrap" } : { header: "WHY", overflow: "wrap", minWidth: 24 },
    ],
    rows: pods.map(({ name, node, machineType, asked, after, printed }) => {
      const got = after.spec.containers?.[0]?.image ?? "";
      return [name, node, machineType, asked, shortImage(got, tags), prints ? (printed ?? "") : reasonOf(after)];
    }),
    ...(width === undefined ? {} : { width }),
  });
}

/** `qnib/bench@sha256:1a2b3c4d (:cpu-skylake)`: enough of the digest to recognise it, and the tag it was pushed under. */
export function shortImage(image: string, tags: ReadonlyMap<string, string>): string {
  const [name = image, digest] = image.split("@", 2);
  if (digest === undefined) return image;
  const tag = tags.get(digest);
  return `${name}@${digest.slice(0, 15)}…${tag === undefined ? "" : ` (:${tag})`}`;
}

function reasonOf(pod: Pod): string {
  const [note] = parseSelection(pod.metadata.annotations?.[selectionAnnotation]).values();
  return typeof note?.["reason"] === "string" ? note["reason"] : "";
}
