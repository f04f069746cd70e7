import { parsePod } from "../../../src/api/parse-pod.ts";
import { patched } from "../../../src/webhook/review.ts";
import { type ForeignWebhook, startForeignWebhook } from "./foreign-webhook.ts";
import { container } from "./pods.ts";
import type { Stage } from "./stage.ts";

/** Namespaces with this label get a sidecar into every Pod. */
export const injectLabel = { "test.metahub.dev/inject": "true" };

/**
 * Somebody else's mutating webhook, called after ours (the API server goes by the configurations' names), that adds a
 * container `injected` which asks for `qnib/bench`.
 */
export function startInjector({ cluster, prefix }: Stage): Promise<ForeignWebhook> {
  return startForeignWebhook({
    cluster,
    name: `zz-injector-${prefix}`,
    kind: "MutatingWebhookConfiguration",
    webhook: {
      namespaceSelector: { matchLabels: injectLabel },
      rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] }],
    },
    answer: ({ uid, object }) => {
      const there = parsePod(object).spec.containers?.some(({ name }) => name === "injected") ?? false;
      const value = container("qnib/bench", "injected");
      return patched(uid, there ? [] : [{ op: "add", path: "/spec/containers/-", value }]);
    },
  });
}
