/** The prefix of every annotation and label that is ours. */
const prefix = "metahub.dev/";

/** When the build is chosen: `auto`, `admission`, `bind` or `common`. */
export const strategyAnnotation = `${prefix}strategy`;
/** The future of a Pod for which no build fits: `warn`, `deny` or `steer`. */
export const noMatchAnnotation = `${prefix}no-match`;
/** Whether accelerators that labels tell of count, whatever a container requests: `always` or `never`. */
export const acceleratorsAnnotation = `${prefix}accelerators`;
/** The choices that were made and why. MetaHub writes it; users may too, so that only what proves itself counts. */
export const selectionAnnotation = `${prefix}selection`;
/** The label that opts a Pod or a namespace in (`enabled`) or out (`disabled`). */
export const rewriteLabel = `${prefix}rewrite`;

/** The kubelet's, on the mirror of a static Pod: it ignores what becomes of the mirror, and makes a changed one again. */
export const mirrorAnnotation = "kubernetes.io/config.mirror";

/** A part of a GPU that KAI Scheduler or Run:ai is asked for, by share or by MiB, and the container that it is for. */
export const gpuFractionAnnotation = "gpu-fraction";
export const gpuMemoryAnnotation = "gpu-memory";
export const gpuContainerAnnotation = "gpu-fraction-container-name";

/** The annotations of a Pod that are read. An object that nobody has validated yet may have any number of others. */
export const readAnnotations: readonly string[] = [
  strategyAnnotation,
  noMatchAnnotation,
  acceleratorsAnnotation,
  selectionAnnotation,
  mirrorAnnotation,
  gpuFractionAnnotation,
  gpuMemoryAnnotation,
  gpuContainerAnnotation,
];
/** The labels of a Pod that are read. */
export const readLabels: readonly string[] = [rewriteLabel];
