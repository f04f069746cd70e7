import type { Pod } from "../api/pod.ts";
import { gpuContainerAnnotation, gpuFractionAnnotation, gpuMemoryAnnotation } from "../api/pod-keys.ts";

/** Schedulers that hand out parts of a GPU by annotations of the Pod, with no resource at any container. */
const fractionSchedulers: ReadonlySet<string> = new Set(["kai-scheduler", "runai-scheduler"]);

/**
 * The container that KAI Scheduler (kai-scheduler/KAI-Scheduler, docs/gpu-sharing, which Run:ai is made with) gives a part of a
 * GPU: the one that `gpu-fraction-container-name` names, else the first. Undefined where the Pod asks for none, or is
 * another scheduler's: to that the annotations say nothing.
 */
export function fractionContainer({ metadata, spec }: Pod): string | undefined {
  if (!fractionSchedulers.has(spec.schedulerName ?? "")) return undefined;
  const read = (key: string): string => metadata.annotations?.[key] ?? "";
  if (read(gpuFractionAnnotation) === "" && read(gpuMemoryAnnotation) === "") return undefined;
  const named = read(gpuContainerAnnotation);
  return named === "" ? spec.containers?.[0]?.name : named;
}
