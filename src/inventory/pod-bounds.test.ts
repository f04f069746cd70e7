import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeEach, expect, test } from "vitest";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { UnscheduledPods } from "./pods.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** What the test before kept is gone once its promises are: else its end would be measured here. */
beforeEach(async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
});

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, number) => number);
const common = { "metahub.dev/strategy": "common" };
const main = { name: "main", image: "qnib/bench" };
const selecting = (pod: number, keys: number, name: (key: string) => string): object => ({
  metadata: { annotations: common },
  spec: {
    nodeSelector: Object.fromEntries(numbers(keys).map((key) => [name(`k${pod}-${key}`), "v"])),
    containers: [main],
  },
});

/** A Pod of each kind, by its number: what strangers may write so that much of it is kept. */
const kinds: readonly [string, number, (pod: number) => object][] = [
  [
    "ordinary",
    10_000,
    (pod) => ({
      metadata: { uid: `u${pod}`, annotations: common },
      spec: { containers: [{ ...main, resources: { limits: { "nvidia.com/gpu": "1" } } }] },
    }),
  ],
  [
    "with 300 limits",
    400,
    (pod) => ({
      spec: {
        containers: [
          {
            ...main,
            resources: { limits: Object.fromEntries(numbers(300).map((key) => [`e.com/k${pod}-${key}`, "1"])) },
          },
        ],
      },
    }),
  ],
  ["with 300 short selectors", 400, (pod) => selecting(pod, 300, (key) => key)],
  ["with 100 long selectors", 400, (pod) => selecting(pod, 100, (key) => `e.com/${key.padEnd(250, "x")}`)],
  [
    "with 100 containers of limits of their own",
    300,
    (pod) => ({
      spec: {
        containers: numbers(100).map((container) => ({
          name: `c${container}`,
          image: "i",
          resources: { limits: { [`e.com/a${pod}-${container}`]: "1", [`e.com/b${pod}-${container}`]: "1" } },
        })),
      },
    }),
  ],
  [
    "with 300 tolerations",
    400,
    (pod) => ({
      metadata: { annotations: common },
      spec: {
        tolerations: numbers(300).map((key) => ({ key: `k${pod}-${key}`, operator: "Exists" })),
        containers: [main],
      },
    }),
  ],
  [
    "with 600 pull secrets",
    400,
    (pod) => ({
      spec: { imagePullSecrets: numbers(600).map((key) => ({ name: `s${pod}-${key}` })), containers: [main] },
    }),
  ],
  [
    "with 600 claims of a container",
    400,
    (pod) => ({
      metadata: { annotations: common },
      spec: {
        resourceClaims: [{ name: "c", resourceClaimName: "c" }],
        containers: [{ ...main, resources: { claims: numbers(600).map((key) => ({ name: `c${pod}-${key}` })) } }],
      },
    }),
  ],
  [
    "with 300 empty terms of affinity",
    400,
    () => ({
      metadata: { annotations: common },
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: numbers(300).map(() => ({ matchExpressions: [] })),
            },
          },
        },
        containers: [main],
      },
    }),
  ],
  [
    "with 300 empty tolerations",
    400,
    () => ({
      metadata: { annotations: common },
      spec: { tolerations: numbers(300).map(() => ({})), containers: [main] },
    }),
  ],
  [
    "with a large annotation",
    1_000,
    (pod) => ({
      metadata: { annotations: { "metahub.dev/selection": `${pod}${"x".repeat(30_000)}` } },
      spec: { containers: [main] },
    }),
  ],
];

test.each(kinds)("Pods %s take no more memory than is counted, and a fifth", async (_kind, count, podOf) => {
  const ended = new AbortController();
  const objects = (pod: number): KubernetesObject => {
    const { metadata, ...rest } = JSON.parse(JSON.stringify({ metadata: {}, ...podOf(pod) }));
    return { ...rest, metadata: { ...metadata, name: `p${pod}`, namespace: "default" } };
  };
  let before = 0;
  const pods = new UnscheduledPods({
    client: {
      each(_target, _options, onItem) {
        collect();
        before = process.memoryUsage().heapUsed;
        for (const pod of numbers(count)) onItem(objects(pod));
        return Promise.resolve("1");
      },
      // biome-ignore lint/correctness/useYield: nothing happens after the list.
      async *watch() {
        ended.abort();
      },
    },
  });
  await pods.run(ended.signal);
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  expect(pods.store.size).toBe(count);
  expect(grown / pods.bytes).toBeLessThan(1.2);
  // Nor is so much counted that few are kept.
  expect(grown / pods.bytes).toBeGreaterThan(0.3);
});
