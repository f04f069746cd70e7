import type { Container, Pod, PodMetadata, PodSpec } from "../../../src/api/pod.ts";

/** A Pod as users write it. */
export interface PodManifest {
  readonly apiVersion: "v1";
  readonly kind: "Pod";
  readonly metadata: PodMetadata & { readonly name: string };
  readonly spec: PodSpec & { readonly terminationGracePeriodSeconds: number };
}

/**
 * A Pod of one container, `main`, that asks for `qnib/bench` unless told otherwise. Nobody runs it, so it is not to
 * wait for its containers when it is deleted.
 */
export function pod(name: string, spec: PodSpec = {}, metadata: PodMetadata = {}): PodManifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...metadata, name },
    spec: { terminationGracePeriodSeconds: 0, containers: [container()], ...spec },
  };
}

export function container(image = "qnib/bench", name = "main"): Container {
  return { name, image };
}

/** The node selector of a machine type. */
export const onType = (machineType: string): PodSpec => ({ nodeSelector: { "metahub.dev/machine-type": machineType } });

/** The image of the first container. */
export const imageOf = (pod: Pod): string | undefined => pod.spec.containers?.[0]?.image;

/** The annotation's note on a container, parsed; undefined where there is no annotation. */
export function noteOf(pod: Pod, name = "main"): Readonly<Record<string, unknown>> | undefined {
  const text = pod.metadata.annotations?.["metahub.dev/selection"];
  if (text === undefined) return undefined;
  const notes: Record<string, Readonly<Record<string, unknown>>> = JSON.parse(text);
  return notes[name];
}
