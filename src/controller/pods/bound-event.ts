import type { Pod } from "../../api/pod.ts";
import type { EventFacts } from "../../kubernetes/events/event.ts";
import { cutText } from "../../kubernetes/events/text.ts";
import type { BoundVerdict } from "./bound-verdict.ts";

/** Bytes of an image's name: what comes after it must fit into an Event too, names of nodes have up to 253. */
const maxImage = 320;

/** Tells the Pod's owner of a missed or wrong choice. */
export function boundEvent({ metadata }: Pod, verdict: BoundVerdict): EventFacts {
  const { name = "", namespace, uid } = metadata;
  const { outcome, container, node, chosenFor } = verdict;
  const image = `image ${cutText(verdict.image, maxImage)} of ${container}`;
  const [reason, note] =
    outcome === "as-written"
      ? [
          "SelectionMissed",
          `${image} runs as written on node ${node}: no build was chosen when the Pod was bound: the webhook was away or late, or a policy refused it`,
        ]
      : [
          "SelectionForAnotherNode",
          `${image} was chosen for node ${chosenFor} and runs on node ${node}, which may need another: delete the Pod so that it is bound anew`,
        ];
  const regarding = { apiVersion: "v1", kind: "Pod", name, namespace, uid };
  return { type: "Warning", reason, action: "Observe", note, regarding };
}
