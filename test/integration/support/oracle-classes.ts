import { DRIVER, MODEL_CLASS, NOWHERE, RUNTIME, RUNTIMES, SERVED_RESOURCE } from "./oracle-vocabulary.ts";

const RESOURCE_API = "resource.k8s.io/v1";

/** What a RuntimeClass may add to a Pod: nothing, labels, tolerations, both, or labels that no node has. */
export const RUNTIME_CLASSES: Readonly<Record<string, object | undefined>> = {
  "oracle-plain": undefined,
  "oracle-kata": { nodeSelector: { [RUNTIME]: RUNTIMES[0] } },
  "oracle-gvisor": {
    nodeSelector: { [RUNTIME]: RUNTIMES[1] },
    tolerations: [
      { key: "dedicated", operator: "Exists" },
      { key: "level", value: "5", effect: "NoSchedule" },
    ],
  },
  "oracle-spot": { tolerations: [{ key: "spot", operator: "Exists" }] },
  "oracle-hardy": { tolerations: [{ operator: "Exists" }] },
  "oracle-nowhere": { nodeSelector: { [RUNTIME]: NOWHERE } },
};

const only = (model: string): object => ({
  selectors: [{ cel: { expression: `device.attributes["${DRIVER}"].model == "${model}"` } }],
});

/** Claim templates: requests that many, some or no node can satisfy. */
export const CLAIM_TEMPLATES: Readonly<Record<string, object>> = {
  any: { exactly: { deviceClassName: DRIVER } },
  three: { exactly: { deviceClassName: DRIVER, count: 3 } },
  "model-b": { exactly: { deviceClassName: DRIVER, ...only("b") } },
  every: { exactly: { deviceClassName: MODEL_CLASS, allocationMode: "All" } },
  either: {
    firstAvailable: [
      { name: "best", deviceClassName: DRIVER, ...only("z") },
      { name: "second", deviceClassName: MODEL_CLASS },
    ],
  },
  never: { exactly: { deviceClassName: DRIVER, ...only("z") } },
  many: { exactly: { deviceClassName: DRIVER, count: 7 } },
};

/** One claim that several Pods name: the first one's node is the only one for all others. */
export const SHARED_CLAIM = "shared";

/** Everything of the cluster, beside its nodes, that says where a Pod can land. */
export function classManifests(devices: ReadonlyMap<string, readonly string[]>): readonly object[] {
  const devicesOf = (template: string): object => ({ requests: [{ name: "one", ...CLAIM_TEMPLATES[template] }] });
  return [
    ...Object.entries(RUNTIME_CLASSES).map(([name, scheduling]) => ({
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name },
      handler: "runc",
      ...(scheduling === undefined ? {} : { scheduling }),
    })),
    deviceClass(DRIVER, `device.driver == "${DRIVER}"`, SERVED_RESOURCE),
    deviceClass(MODEL_CLASS, `device.driver == "${DRIVER}" && device.attributes["${DRIVER}"].model == "a"`),
    ...Object.keys(CLAIM_TEMPLATES).map((name) => ({
      apiVersion: RESOURCE_API,
      kind: "ResourceClaimTemplate",
      metadata: { name, namespace: "default" },
      spec: { spec: { devices: devicesOf(name) } },
    })),
    {
      apiVersion: RESOURCE_API,
      kind: "ResourceClaim",
      metadata: { name: SHARED_CLAIM, namespace: "default" },
      spec: { devices: devicesOf("any") },
    },
    ...[...devices].map(([nodeName, models]) => slice(nodeName, models)),
  ];
}

function deviceClass(name: string, expression: string, extendedResourceName?: string): object {
  const spec = { selectors: [{ cel: { expression } }], ...(extendedResourceName && { extendedResourceName }) };
  return { apiVersion: RESOURCE_API, kind: "DeviceClass", metadata: { name }, spec };
}

/** What a driver's kubelet plugin would publish. */
function slice(nodeName: string, models: readonly string[]): object {
  return {
    apiVersion: RESOURCE_API,
    kind: "ResourceSlice",
    metadata: { name: `${nodeName}-devices` },
    spec: {
      driver: DRIVER,
      nodeName,
      pool: { name: nodeName, generation: 1, resourceSliceCount: 1 },
      devices: models.map((model, index) => ({ name: `device-${index}`, attributes: { model: { string: model } } })),
    },
  };
}
