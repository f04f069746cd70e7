import type { Pod } from "../api/pod.ts";
import type { EventRecorder } from "../kubernetes/events/recorder.ts";
import type { BindingRequest } from "./request.ts";
import type { Reselection } from "./reselect.ts";

/** Tells a Pod's owner what was not to be expected; nothing where all went as it should. */
export class BindingEvents {
  readonly #recorder: Pick<EventRecorder, "record">;

  constructor(recorder: Pick<EventRecorder, "record">) {
    this.#recorder = recorder;
  }

  /** What was found out or written. */
  surprises(pod: Pod, binding: BindingRequest, reselections: readonly Reselection[]): void {
    for (const { place, kind, code, reason, surprising, write, doubt } of reselections) {
      const image = `image ${place.image} of ${place.name}`;
      const node = binding.node;
      if (doubt !== undefined) {
        const note = `the build of ${place.name} for node ${node} counts on no device, as it is not known which it gets: ${doubt}`;
        this.#record("Warning", "DevicesUnknown", pod, note);
      }
      if (!surprising) continue;
      if (kind === "correct") {
        const note = `${image} was chosen at admission; node ${node} needs ${write?.image}: ${reason}`;
        this.#record("Normal", "SelectionCorrected", pod, note);
      } else if (kind === "return") {
        const note = `${image} does not belong on node ${node}; put back ${write?.image}: ${reason}`;
        this.#record("Warning", code === "nothing-fits" ? "NothingFits" : "SelectionCorrected", pod, note);
      } else if (code === "nothing-fits") {
        this.#record("Warning", "NothingFits", pod, `${image} is left as written on node ${node}: ${reason}`);
      } else if (code === "unproven") {
        this.#record("Warning", "SelectionUnproven", pod, `${image} is left as it is on node ${node}: ${reason}`);
      } else {
        const note = `${image} stays as it is on node ${node}, which may need another: ${reason}`;
        this.#record("Warning", "SelectionFailed", pod, note);
      }
    }
  }

  /** A policy refused the write, and the Pod is bound as it was. */
  refused(pod: Pod, binding: BindingRequest, why: string): void {
    const note = `the build for node ${binding.node} could not be written into the Pod, which is bound as it was: ${why}`;
    this.#record("Warning", "SelectionRefused", pod, note);
  }

  #record(type: "Normal" | "Warning", reason: string, pod: Pod, note: string): void {
    const { name = "", namespace, uid } = pod.metadata;
    const regarding = { apiVersion: "v1", kind: "Pod", name, namespace, uid };
    this.#recorder.record({ type, reason, action: "Binding", note, regarding });
  }
}
