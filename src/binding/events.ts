import type { Pod } from "../api/pod.ts";
import type { EventFacts } from "../kubernetes/events/event.ts";
import type { EventRecorder } from "../kubernetes/events/recorder.ts";
import type { BindingRequest } from "./request.ts";
import type { Reselection } from "./reselection.ts";

/** Tells a Pod's owner of surprises; nothing where all went as it should. */
export class BindingEvents {
  readonly #recorder: Pick<EventRecorder, "record">;

  constructor(recorder: Pick<EventRecorder, "record">) {
    this.#recorder = recorder;
  }

  /** On what was found out or written. */
  surprises(pod: Pod, { node }: BindingRequest, reselections: readonly Reselection[]): void {
    // One for all of them: a Pod may have thousands.
    const [beyond, ...more] = reselections.filter(({ code }) => code === "too-many-images");
    if (beyond !== undefined) this.tooLarge(pod, node, `${more.length + 1} of its images: ${beyond.reason}`);
    for (const reselection of reselections) {
      const { place, doubt } = reselection;
      if (doubt !== undefined) {
        const note = `the build of ${place.name} for node ${node} counts on no device, as it is not known which it gets: ${doubt}`;
        this.#record({ type: "Warning", reason: "DevicesUnknown", note }, pod);
      }
      if (reselection.surprising && reselection.code !== "too-many-images")
        this.#record(surpriseOf(reselection, node), pod);
    }
  }

  /** The Pod is larger than what is looked at, in all or in the number of its images. */
  tooLarge(pod: Pod, node: string, why: string): void {
    this.#record(
      { type: "Warning", reason: "TooManyImages", note: `images are left as they are on node ${node}: ${why}` },
      pod,
    );
  }

  /** A policy refused the write, and the Pod is bound as it was. */
  refused(pod: Pod, binding: BindingRequest, why: string): void {
    const note = `the build for node ${binding.node} could not be written into the Pod, which is bound as it was: ${why}`;
    this.#record({ type: "Warning", reason: "SelectionRefused", note }, pod);
  }

  #record(told: Told, pod: Pod): void {
    const { name = "", namespace, uid } = pod.metadata;
    const regarding = { apiVersion: "v1", kind: "Pod", name, namespace, uid };
    this.#recorder.record({ ...told, action: "Binding", regarding });
  }
}

type Told = Pick<EventFacts, "type" | "reason" | "note">;

function surpriseOf({ place, kind, code, reason: why, write }: Reselection, node: string): Told {
  const image = `image ${place.image} of ${place.name}`;
  if (kind === "correct") {
    const note = `${image} was chosen at admission; node ${node} needs ${write?.image}: ${why}`;
    return { type: "Normal", reason: "SelectionCorrected", note };
  }
  const type = "Warning";
  if (kind === "return") {
    const note = `${image} does not belong on node ${node}; put back ${write?.image}: ${why}`;
    return { type, reason: code === "nothing-fits" ? "NothingFits" : "SelectionCorrected", note };
  }
  if (code === "nothing-fits") {
    return { type, reason: "NothingFits", note: `${image} is left as written on node ${node}: ${why}` };
  }
  if (code === "unproven") {
    return { type, reason: "SelectionUnproven", note: `${image} is left as it is on node ${node}: ${why}` };
  }
  const note = `${image} stays as it is on node ${node}, which may need another: ${why}`;
  return { type, reason: "SelectionFailed", note };
}
