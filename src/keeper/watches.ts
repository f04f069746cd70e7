import type { KubernetesClient } from "../kubernetes/client/client.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { reflectNamed } from "../kubernetes/reflector/named.ts";
import type { ReflectorEvent } from "../kubernetes/reflector/options.ts";
import { type Resource, resourceName } from "../kubernetes/resource.ts";
import { type SecretName, secretResource } from "../kubernetes/secrets/secret.ts";
import { type ConfigurationName, configurationResource } from "./configurations.ts";

/** Objects that are watched, each by its name. */
export interface Kept {
  readonly secrets: readonly SecretName[];
  readonly configurations: readonly ConfigurationName[];
}

/** Calls `notice` whenever one of them changes, is made or is deleted, until the signal ends it. */
export async function watchKept(
  client: Pick<KubernetesClient, "each" | "watch">,
  { secrets, configurations }: Kept,
  notice: () => void,
  observe: (resource: string, event: ReflectorEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const follow = (resource: Resource, name: string, namespace?: string): Promise<void> =>
    reflectNamed<string>(name, {
      client,
      resource,
      namespace,
      // Nothing is kept of what it says: whoever acts reads it.
      transform: ({ metadata }: KubernetesObject) => metadata.resourceVersion ?? "",
      onChange: notice,
      observe: (event) => observe(resourceName(resource), event),
    }).run(signal);
  await Promise.all([
    ...secrets.map(({ namespace, name }) => follow(secretResource, name, namespace)),
    ...configurations.map(({ kind, name }) => follow(configurationResource(kind), name)),
  ]);
}
