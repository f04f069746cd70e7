import { parsePod } from "../../../api/parse-pod.ts";
import { mirrorAnnotation, rewriteLabel } from "../../../api/pod-keys.ts";
import { type Rewrite, readOptions, readRewrite } from "../../../api/pod-options.ts";
import { isRecord } from "../../../json/object.ts";
import type { KubernetesObject } from "../../../kubernetes/object.ts";
import type { SelectionNote } from "../../../rewriting/notes/note.ts";
import { notesOf } from "../../../rewriting/notes/read.ts";

/** Containers of one Pod that are looked at. */
const mostContainers = 100;

/** One image of a Pod, with what its note says. */
export interface KeptImage {
  readonly container: string;
  readonly image: string;
  readonly note?: SelectionNote;
}

/** The parts of a Pod that tell of its selections. */
export interface KeptPod {
  readonly namespace: string;
  readonly name: string;
  readonly node?: string;
  /** RFC 3339. */
  readonly created: string;
  readonly rewrite: Rewrite;
  /** Whether nothing is chosen for it after admission. */
  readonly final: boolean;
  readonly images: readonly KeptImage[];
}

/** Undefined for a Pod that has ended, and for the mirror of a static one: the kubelet runs what its file says. */
export function keptPod(object: KubernetesObject): KeptPod | undefined {
  const { status } = object;
  const phase = isRecord(status) ? status["phase"] : undefined;
  if (phase === "Succeeded" || phase === "Failed") return undefined;
  const pod = parsePod(object);
  const { metadata, spec } = pod;
  if (metadata.annotations?.[mirrorAnnotation] !== undefined) return undefined;
  const notes = notesOf(pod);
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].slice(0, mostContainers);
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    ...(spec.nodeName === undefined || spec.nodeName === "" ? {} : { node: spec.nodeName }),
    created: metadata.creationTimestamp ?? "",
    rewrite: readRewrite(metadata.labels?.[rewriteLabel]),
    final: readOptions(metadata).strategy === "admission",
    images: containers.map(({ name, image = "" }) => {
      const note = notes.get(name);
      return { container: name, image, ...(note === undefined ? {} : { note: shown(note) }) };
    }),
  };
}

/** Without its proof, which nobody reads here. */
function shown({ key: _, mac: __, index: ___, list: ____, ...note }: SelectionNote): SelectionNote {
  return note;
}
