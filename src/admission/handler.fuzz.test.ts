import { expect, test } from "vitest";
import { onNode, podWith, World } from "../../test/support/admission/bench.ts";
import { LogLines } from "../../test/support/fuzz/log-lines.ts";
import { feed, fuzzing } from "../../test/support/fuzz/runs.ts";
import { spoiledTexts } from "../../test/support/fuzz/spoil.ts";
import { AdmissionError } from "../webhook/error.ts";
import { parseReview } from "../webhook/review.ts";
import { Reviews } from "../webhook/reviews.ts";

const selection = { asked: "qnib/bench", code: "selected", reason: "r", at: "", index: `sha256:${"1".repeat(64)}` };
const spec = {
  ...onNode("node1"),
  initContainers: [{ name: "init", image: "qnib/init:v1", resources: { limits: { "nvidia.com/gpu": "1" } } }],
  ephemeralContainers: [{ name: "debug", image: "busybox" }],
  volumes: [{ name: "data", image: { reference: "qnib/data" } }],
  tolerations: [{ key: "a", operator: "Exists", effect: "NoSchedule", tolerationSeconds: 3 }],
  imagePullSecrets: [{ name: "regcred" }],
  resourceClaims: [{ name: "gpu", resourceClaimTemplateName: "t" }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "pool", operator: "In", values: ["node1", "node2"] }] }],
      },
    },
  },
};
const annotations = (more: object = {}) => ({ "metahub.dev/selection": JSON.stringify({ main: selection }), ...more });
const podReview = (object: object, more: object = {}): object => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "u",
    operation: "CREATE",
    resource: { group: "", version: "v1", resource: "pods" },
    namespace: "default",
    name: "",
    object,
    oldObject: null,
    ...more,
  },
});
const reviews = [
  podReview(podWith({ spec })),
  podReview(podWith({ annotations: annotations({ "metahub.dev/strategy": "common" }) })),
  podReview(podWith({ annotations: { "metahub.dev/no-match": "steer", "metahub.dev/accelerators": "always" }, spec })),
  podReview(podWith({ annotations: { "metahub.dev/no-match": "deny" }, image: "qnib/nothing" })),
  podReview(podWith({ image: "forbidden.example/a" }), { oldObject: podWith({ spec }), operation: "UPDATE" }),
  podReview(podWith({ spec }), { subResource: "ephemeralcontainers", operation: "UPDATE", oldObject: podWith() }),
];

test(
  "whatever review comes, it is answered, and neither its Warnings nor the log say more than they may",
  fuzzing,
  async () => {
    const lines = new LogLines();
    const world = new World({ log: lines.log });
    world.publish("qnib/bench", "latest", { broadwell: "cpu:broadwell", skylake: "cpu:skylake", generic: "" });
    const answering = new Reviews({ log: lines.log, concurrency: 4 });
    let answered = 0;
    await feed(spoiledTexts(...reviews), async (text) => {
      try {
        const review = parseReview(Buffer.from(text));
        const [, { response }] = await answering.answer({ handler: world.handler }, review, "5s");
        answered += 1;
        const { warnings = [], status, allowed } = response;
        expect(typeof allowed).toBe("boolean");
        expect(warnings.length).toBeLessThanOrEqual(16);
        for (const said of [...warnings, status?.message ?? ""]) expect(said).toMatch(/^[^\p{Cc}\p{Cs}]{0,256}$/u);
      } catch (error) {
        // Whoever sent it is told so with 400.
        if (!(error instanceof AdmissionError)) throw error;
        expect(error.message.length).toBeLessThan(300);
      } finally {
        lines.hold();
      }
    });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    // Most are broken in what the handler reads, and not before.
    expect(answered).toBeGreaterThan(500);
  },
);
