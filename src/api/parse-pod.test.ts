import { describe, expect, test } from "vitest";
import { ApiError } from "./error.ts";
import { parsePod } from "./parse-pod.ts";

const own = {
  labels: { "metahub.dev/rewrite": "enabled" },
  annotations: {
    "metahub.dev/strategy": "bind",
    "metahub.dev/no-match": "deny",
    "metahub.dev/accelerators": "never",
    "metahub.dev/selection": "{}",
    "kubernetes.io/config.mirror": "hash",
    "gpu-fraction": "0.5",
    "gpu-memory": "2000",
    "gpu-fraction-container-name": "main",
  },
};
const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { generateName: "a-", namespace: "default", ...own },
  spec: {
    nodeSelector: { pool: "gpu" },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "pool", operator: "In", values: ["a"] }] },
            { matchFields: [{ key: "metadata.name", operator: "In", values: ["n"] }] },
          ],
        },
      },
    },
    tolerations: [{ key: "k", operator: "Exists", tolerationSeconds: 3 }],
    initContainers: [{ name: "side", image: "a", restartPolicy: "Always" }],
    containers: [
      {
        name: "main",
        image: "qnib/bench",
        resources: { limits: { "nvidia.com/gpu": "1" }, claims: [{ name: "c", request: "r" }] },
      },
    ],
    ephemeralContainers: [{ name: "debug", image: "busybox" }],
    volumes: [{ name: "v", image: { reference: "qnib/data", pullPolicy: "Always" } }, { name: "w" }],
    imagePullSecrets: [{ name: "s" }, {}],
    serviceAccountName: "default",
    runtimeClassName: "nvidia",
    resourceClaims: [{ name: "c", resourceClaimTemplateName: "t" }],
    schedulingGates: [{ name: "g" }],
  },
};

describe("parsePod", () => {
  test("reads every field it knows as it is written", () => {
    expect(parsePod(pod)).toEqual(pod);
  });

  test("drops what nobody reads and what is null", () => {
    const spec = {
      dnsPolicy: "Default",
      containers: null,
      volumes: [{ name: "w", emptyDir: {} }],
      affinity: { podAffinity: {} },
    };
    expect(parsePod({ status: {}, spec })).toEqual({ metadata: {}, spec: { volumes: [{ name: "w" }] } });
  });

  test("drops annotations and labels that nobody reads, and says that there are some", () => {
    const metadata = { labels: { app: "x", "metahub.dev/other": "1" }, annotations: { big: "x", constructor: 5 } };
    expect(parsePod({ metadata }).metadata).toEqual({ labels: {}, annotations: {} });
    expect(parsePod({ metadata: { annotations: null } }).metadata).toEqual({});
  });

  test("keeps the places in lists", () => {
    const containers = [{ name: "a" }, { name: "b", image: "x" }];
    expect(parsePod({ spec: { containers } }).spec.containers).toEqual(containers);
  });

  test.each([
    ["a Pod that is text", "Pod", ""],
    ["containers that are no list", { spec: { containers: {} } }, "spec.containers"],
    ["an image that is a number", { spec: { containers: [{ name: "a", image: 5 }] } }, "spec.containers[0].image"],
    [
      "a strategy that is a number",
      { metadata: { annotations: { "metahub.dev/strategy": 5 } } },
      "metadata.annotations.metahub.dev/strategy",
    ],
    ["labels that are a list", { metadata: { labels: [] } }, "metadata.labels"],
  ])("refuses %s", (_, value, path) => {
    try {
      parsePod(value);
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toHaveProperty("path", path);
      return;
    }
    throw new Error("nothing was refused");
  });
});
