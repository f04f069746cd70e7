import { machineCredentialResource } from "../../../identity/cluster-credentials.ts";
import { machineTypeResource, nodeResource } from "../../../inventory/cluster.ts";
import { podResource } from "../../../inventory/pods.ts";
import type { Resource } from "../../../kubernetes/resource.ts";
import { manifestListResource } from "../../../lists/resources.ts";
import type { Session } from "../../contract/session.ts";
import type { Reviews } from "./reviews.ts";

type May = Extract<Session, { signedIn: true }>["may"];
type Verb = May["nodes"][number];

const verbs: readonly Verb[] = ["list", "watch", "create", "update", "delete"];

/**
 * Verbs that a person may use, for hints in pages. One review for each verb: a SelfSubjectRulesReview is of one namespace, and
 * shows what its roles say of nodes, which counts nowhere.
 */
export async function mayOf(
  reviews: Reviews,
  credentialsNamespace: string | undefined,
  signal: AbortSignal,
): Promise<May> {
  const of = async (resource: Resource, namespace?: string): Promise<Verb[]> => {
    const answers = await Promise.all(verbs.map((verb) => reviews.allowed({ verb, resource, namespace }, signal)));
    return verbs.filter((_, index) => answers[index]);
  };
  const [machineTypes, manifestLists, nodes, pods, credentials] = await Promise.all([
    of(machineTypeResource),
    of(manifestListResource),
    of(nodeResource),
    of(podResource),
    credentialsNamespace === undefined ? [] : of(machineCredentialResource, credentialsNamespace),
  ]);
  return {
    machineTypes,
    manifestLists,
    nodes,
    pods,
    credentials: {
      ...(credentialsNamespace === undefined ? {} : { namespace: credentialsNamespace }),
      verbs: credentials,
    },
  };
}
