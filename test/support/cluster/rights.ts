import type { Witness } from "./witness.ts";

/** `verbs resources.group names`, one for each rule that the witness's account has in a namespace; sorted. */
export async function rulesOf(witness: Witness, namespace: string): Promise<readonly string[]> {
  const { status } = await witness.authorization.createSelfSubjectRulesReview({ body: { spec: { namespace } } });
  return (status?.resourceRules ?? [])
    .map(({ verbs, apiGroups = [], resources = [], resourceNames }) => {
      const names = resourceNames === undefined ? "" : ` ${resourceNames.join(",")}`;
      return `${[...verbs].sort().join(",")} ${resources.join(",")}.${apiGroups.join(",")}${names}`;
    })
    .sort();
}
