import type { AdmissionContext } from "../admission/copies.ts";
import { type PodReview, reviewNew } from "../admission/pod-review.ts";
import { refusalOf } from "../admission/refusal.ts";
import { Steering } from "../admission/steer.ts";
import { strategyAnnotation } from "../api/pod-keys.ts";
import type { PodOptions } from "../api/pod-options.ts";
import type { ImageOptions } from "../images/connect.ts";
import type { ListedImages } from "../lists/listed-images.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import type { CommandContext } from "../process/context.ts";
import { describeFailure } from "../process/failure.ts";
import { RegistryError } from "../registry/error.ts";
import type { ImageForm } from "../rewriting/decide.ts";
import { type BuildLookup, withLists } from "../rewriting/listed.ts";
import { ReselectMemory } from "../rewriting/memory.ts";
import { readReference } from "../rewriting/origin.ts";
import { type ReviewedPod, reviewPod } from "../rewriting/reviewed-pod.ts";
import { Selections } from "../rewriting/selections.ts";
import type { Machines } from "./machines.ts";
import type { Workload } from "./workloads.ts";

/** The answer of admission to one Pod, or to the Pods of one template. */
export interface Admitted {
  readonly workload: Workload;
  readonly review: PodReview;
  /** Wishes of its annotations that mean nothing, or nothing in this cluster. */
  readonly mistakes: readonly string[];
  /** Admission would refuse it, and its owner asked for that. */
  readonly refused: boolean;
}

export interface AdmitOptions {
  readonly images: ImageOptions;
  /** Those of the files or of the cluster. */
  readonly lists: ListedImages;
  readonly imageForm: ImageForm;
  /** Whether the cluster chooses at binding too. */
  readonly atBinding: boolean;
}

export interface Admissions {
  readonly admitted: readonly Admitted[];
  /** Failures of registries by reference, which an admission would not tell. */
  readonly failures: ReadonlyMap<string, string>;
}

/** Runs the admission code over workloads: the very functions that the webhook runs. */
export async function admitAll(
  workloads: readonly Workload[],
  machines: Machines,
  given: AdmitOptions,
  context: CommandContext,
): Promise<Admissions> {
  const { RemoteImages } = await import("../images/remote.ts");
  const served = machines.snapshot.allocatedResources;
  const asked = workloads.map((workload) => ({ workload, reviewed: reviewPod(workload.pod, { served }) }));
  const references = referencesOf(asked, given.lists);
  const remote = await RemoteImages.create(references, given.images, context);
  const failures = new Map<string, string>();
  const memory = new ReselectMemory();
  const selections = new Selections();
  const told = async <T>(reference: Reference, look: () => Promise<T>): Promise<T> => {
    try {
      return await look();
    } catch (error) {
      if (error instanceof RegistryError) failures.set(formatReference(reference), describeFailure(error));
      throw error;
    }
  };
  const build: BuildLookup = (image, platform, _pod, _namespace, signal) =>
    told(image, () => remote.build(image, platform, signal));
  const registries: AdmissionContext = {
    place: (pod) => machines.snapshot.placement.place(pod).profiles,
    allocatedResources: () => served,
    lookup: async (reference, pod, namespace, signal) => {
      const image = await told(reference, () => remote.lookup(reference, signal));
      memory.put(reference, pod, namespace, image);
      return image;
    },
    remembered: (reference, digest, pod, namespace) => memory.get(reference, digest, pod, namespace),
    judge: (image, landings, how, signal) => selections.judge(image, landings, how, signal),
    mayAsk: () => true,
    imageForm: given.imageForm,
    // The keys are the cluster's: here no note proves itself, and none is written.
    noteKeys: () => [],
    atBinding: given.atBinding,
  };
  const admission = withLists(registries, given.lists, build);
  const steering = new Steering(machines.steering);
  try {
    const admitted = await Promise.all(
      asked.map(async ({ workload, reviewed }): Promise<Admitted> => {
        const { object, namespace } = workload;
        const { options } = reviewed;
        const review = await reviewNew({ reviewed, object, namespace }, admission, steering, context.signal);
        const refused = refusalOf(options, review.decisions) !== undefined;
        return { workload, review, mistakes: mistakesOf(options, given), refused };
      }),
    );
    context.signal.throwIfAborted();
    return { admitted, failures };
  } finally {
    await remote.close();
  }
}

function mistakesOf({ mistakes, strategy }: PodOptions, { atBinding }: AdmitOptions): readonly string[] {
  if (strategy !== "bind" || atBinding) return mistakes;
  const unheard = `annotation ${strategyAnnotation}: nothing is chosen at binding (--at-binding false); taken as auto`;
  return [...mistakes, unheard];
}

/** All that may be asked for: what the Pods ask for, and the builds of lists that speak for it. */
function referencesOf(
  asked: readonly { readonly workload: Workload; readonly reviewed: ReviewedPod }[],
  lists: ListedImages,
): readonly Reference[] {
  const references = new Map<string, Reference>();
  for (const { workload, reviewed } of asked) {
    for (const { image } of reviewed.places) {
      const reference = readReference(image);
      // The decision on it says so.
      if (reference === undefined) continue;
      references.set(image, reference);
      for (const entry of lists.listFor(reference, workload.namespace)?.entries ?? []) {
        references.set(formatReference(entry.image), entry.image);
      }
    }
  }
  return [...references.values()];
}
