import { driverName, modelClass, nowhere, runtime, runtimes, servedResource } from "./vocabulary.ts";

const resourceApi = "resource.k8s.io/v1";

/** Additions of a RuntimeClass to a Pod: nothing, labels, tolerations, both, or labels that no node has. */
export const runtimeClasses: Readonly<Record<string, object | undefined>> = {
  "oracle-plain": undefined,
  "oracle-kata": { nodeSelector: { [runtime]: runtimes[0] } },
  "oracle-gvisor": {
    nodeSelector: { [runtime]: runtimes[1] },
    tolerations: [
      { key: "dedicated", operator: "Exists" },
      { key: "level", value: "5", effect: "NoSchedule" },
    ],
  },
  "oracle-spot": { tolerations: [{ key: "spot", operator: "Exists" }] },
  "oracle-hardy": { tolerations: [{ operator: "Exists" }] },
  "oracle-nowhere": { nodeSelector: { [runtime]: nowhere } },
};

const only = (model: string): object => ({
  selectors: [{ cel: { expression: `device.attributes["${driverName}"].model == "${model}"` } }],
});

/** Claim templates: requests that many, some or no node can satisfy. */
export const claimTemplates: Readonly<Record<string, object>> = {
  any: { exactly: { deviceClassName: driverName } },
  three: { exactly: { deviceClassName: driverName, count: 3 } },
  "model-b": { exactly: { deviceClassName: driverName, ...only("b") } },
  every: { exactly: { deviceClassName: modelClass, allocationMode: "All" } },
  either: {
    firstAvailable: [
      { name: "best", deviceClassName: driverName, ...only("z") },
      { name: "second", deviceClassName: modelClass },
    ],
  },
  never: { exactly: { deviceClassName: driverName, ...only("z") } },
  many: { exactly: { deviceClassName: driverName, count: 7 } },
};

/** One claim that several Pods name: the first one's node is the only one for all others. */
export const sharedClaim = "shared";

/** Everything of the cluster, beside its nodes, that says where a Pod can land. */
export function classManifests(devices: ReadonlyMap<string, readonly string[]>): readonly object[] {
  const devicesOf = (template: string): object => ({ requests: [{ name: "one", ...claimTemplates[template] }] });
  return [
    ...Object.entries(runtimeClasses).map(([name, scheduling]) => ({
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name },
      handler: "runc",
      ...(scheduling === undefined ? {} : { scheduling }),
    })),
    deviceClass(driverName, `device.driver == "${driverName}"`, servedResource),
    deviceClass(modelClass, `device.driver == "${driverName}" && device.attributes["${driverName}"].model == "a"`),
    ...Object.keys(claimTemplates).map((name) => ({
      apiVersion: resourceApi,
      kind: "ResourceClaimTemplate",
      metadata: { name, namespace: "default" },
      spec: { spec: { devices: devicesOf(name) } },
    })),
    {
      apiVersion: resourceApi,
      kind: "ResourceClaim",
      metadata: { name: sharedClaim, namespace: "default" },
      spec: { devices: devicesOf("any") },
    },
    ...[...devices].map(([nodeName, models]) => slice(nodeName, models)),
  ];
}

function deviceClass(name: string, expression: string, extendedResourceName?: string): object {
  const spec = { selectors: [{ cel: { expression } }], ...(extendedResourceName && { extendedResourceName }) };
  return { apiVersion: resourceApi, kind: "DeviceClass", metadata: { name }, spec };
}

/** The slices that a driver's kubelet plugin would publish. */
function slice(nodeName: string, models: readonly string[]): object {
  return {
    apiVersion: resourceApi,
    kind: "ResourceSlice",
    metadata: { name: `${nodeName}-devices` },
    spec: {
      driver: driverName,
      nodeName,
      pool: { name: nodeName, generation: 1, resourceSliceCount: 1 },
      devices: models.map((model, index) => ({ name: `device-${index}`, attributes: { model: { string: model } } })),
    },
  };
}
