import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { FollowedSecret } from "../../kubernetes/secrets/follow.ts";
import type { SecretName } from "../../kubernetes/secrets/secret.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { WatchObserver } from "./watching.ts";

/** Reads a Secret and follows it until the process ends. @throws KubernetesError where it cannot be asked for */
export async function followSecret(
  life: Lifecycle,
  client: KubernetesClient,
  named: SecretName,
  { observe, log }: { readonly observe: WatchObserver; readonly log: Logger },
): Promise<FollowedSecret> {
  const secret = new FollowedSecret({ client, ...named, observe: (event) => observe("secrets", event) });
  if (!(await secret.load(life.signal))) {
    log.info({ secret: secret.place }, "waiting for a Secret, which metahub keeper or cert-manager makes");
  }
  life.run(`following ${secret.place}`, (signal) => secret.run(signal));
  return secret;
}
