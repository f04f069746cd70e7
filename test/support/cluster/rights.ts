import { z } from "zod";
import type { KubernetesClient } from "../../../src/kubernetes/client/client.ts";
import { resource } from "../../../src/kubernetes/resource.ts";
import { soon } from "./stage.ts";

const reviews = resource({
  group: "authorization.k8s.io",
  version: "v1",
  plural: "selfsubjectrulesreviews",
  namespaced: false,
});
const reviewSchema = z.object({
  status: z.object({
    resourceRules: z.array(
      z.object({
        verbs: z.array(z.string()),
        apiGroups: z.array(z.string()),
        resources: z.array(z.string()),
        resourceNames: z.array(z.string()).optional(),
      }),
    ),
  }),
});

/** `verbs resources.group names`, one for each rule that the client's account has in a namespace; sorted. */
export async function rulesOf(client: KubernetesClient, namespace: string): Promise<readonly string[]> {
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } };
  const { status } = await client.create({ resource: reviews }, body, { signal: soon(), parse: reviewSchema.parse });
  return status.resourceRules
    .map(({ verbs, apiGroups, resources, resourceNames }) => {
      const names = resourceNames === undefined ? "" : ` ${resourceNames.join(",")}`;
      return `${[...verbs].sort().join(",")} ${resources.join(",")}.${apiGroups.join(",")}${names}`;
    })
    .sort();
}
