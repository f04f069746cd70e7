import { canonicalNamespace, namespaceKind } from "../namespace.ts";
import { amdTarget } from "../nodes/amd-targets.ts";
import { type AttributeMapping, type DeviceAttributes, ownName } from "./device.ts";

/** How one namespace is read from the attributes of a driver's devices. */
export interface AttributeRule {
  readonly namespace: string;
  /** The attributes that it looks at. */
  readonly attributes: readonly string[];
  /** Features as text; none where the attributes do not tell. */
  readonly read: (attributes: DeviceAttributes) => readonly string[];
  /** True where the machine type's owner said so. */
  readonly mapped: boolean;
}

interface Driver {
  readonly rules: readonly AttributeRule[];
  /** Namespaces of such devices that are the same for all of a node, and which the driver's attributes never tell. */
  readonly fromLabels: readonly string[];
}

/**
 * The drivers that are known by themselves:
 * - NVIDIA (kubernetes-sigs/dra-driver-nvidia-gpu, cmd/gpu-kubelet-plugin/deviceinfo.go): GPUs and MIG devices have
 *   `cudaComputeCapability`, `driverVersion` and `cudaDriverVersion` as semantic versions (`9.0.0`, `580.105.8` of
 *   580.105.08, `13.0.0`). `architecture` and `productName` are coarser than the capability and not read. Devices of
 *   `type: vfio` have none of them: a virtual machine brings its own driver.
 * - AMD (ROCm/k8s-gpu-dra-driver, docs/driver-attributes.md): `deviceID` is the PCI id (`0x74a1`), `driverVersion` the
 *   kernel driver's version cut to three numbers, `driverVersionFull` all of it. No attribute names the target, or ROCm.
 *   Releases before 1.0.1 write 0.0.0 for a version that they cannot read.
 * - Intel (intel/intel-resource-drivers-for-kubernetes, cmd/kubelet-gpu-plugin/node_state.go): `model`, `family`,
 *   `pciId`, `driver`. As with Intel's labels, no order of targets is agreed upon: name one in `deviceAttributes`.
 */
const drivers: ReadonlyMap<string, Driver> = new Map<string, Driver>([
  [
    "gpu.nvidia.com",
    {
      rules: [
        one("nvcap", "cudaComputeCapability"),
        one("nvdriver", "driverVersion"),
        // CUDA's versions have two numbers.
        rule("cuda", ["cudaDriverVersion"], (attributes) =>
          valuesOf(attributes, "cudaDriverVersion").map((version) => version.replace(/^(\d+\.\d+)\.0$/, "$1")),
        ),
      ],
      fromLabels: [],
    },
  ],
  [
    "gpu.amd.com",
    {
      rules: [
        rule("gfx", ["deviceID"], (attributes) => {
          const targets = valuesOf(attributes, "deviceID").map(amdTarget);
          return targets.filter((target) => target !== undefined);
        }),
        rule("amddriver", ["driverVersion", "driverVersionFull"], (attributes) => {
          const [version] = [...valuesOf(attributes, "driverVersionFull"), ...valuesOf(attributes, "driverVersion")];
          return version === undefined || version === "0.0.0" ? [] : [version];
        }),
      ],
      fromLabels: ["rocm"],
    },
  ],
]);

/** How the driver's devices are read: what the owner says first, then what is known by itself. One rule a namespace. */
export function rulesOf(driver: string, mappings: readonly AttributeMapping[]): readonly AttributeRule[] {
  const rules = new Map<string, AttributeRule>();
  for (const mapping of mappings) {
    const namespace = canonicalNamespace(mapping.namespace.toLowerCase());
    if (mapping.driver !== driver || rules.has(namespace)) continue;
    rules.set(namespace, { ...one(namespace, ownName(driver, mapping.attribute)), mapped: true });
  }
  for (const known of drivers.get(driver)?.rules ?? []) {
    if (!rules.has(known.namespace)) rules.set(known.namespace, known);
  }
  return [...rules.values()];
}

/** The namespaces that labels of the node may tell for the devices of this driver. */
export function labelledNamespaces(driver: string): readonly string[] {
  return drivers.get(driver)?.fromLabels ?? [];
}

/** The attributes that anybody may ask about, by driver; everything else of a ResourceSlice can be dropped. */
export function askedAttributes(mappings: Iterable<AttributeMapping>): ReadonlyMap<string, ReadonlySet<string>> {
  const asked = new Map<string, Set<string>>();
  for (const [driver, { rules }] of drivers) asked.set(driver, new Set(rules.flatMap(({ attributes }) => attributes)));
  for (const { driver, attribute } of mappings) {
    const known = asked.get(driver) ?? new Set();
    asked.set(driver, known.add(ownName(driver, attribute)));
  }
  return asked;
}

/** The value as it stands is the feature's. */
function one(namespace: string, attribute: string): AttributeRule {
  return rule(namespace, [attribute], (attributes) =>
    valuesOf(attributes, attribute).map((value) => spelled(namespace, value)),
  );
}

function rule(
  namespace: string,
  attributes: readonly string[],
  read: (attributes: DeviceAttributes) => readonly string[],
): AttributeRule {
  const named = (given: DeviceAttributes) => read(given).map((value) => `${namespace}:${value}`);
  return { namespace, attributes, read: named, mapped: false };
}

/**
 * A semantic version has three numbers, a capability two. A feature has no blanks; names of products do, and get
 * dashes, as NVIDIA's labels have them.
 */
function spelled(namespace: string, value: string): string {
  const dashed = value.trim().replace(/\s+/g, "-");
  return namespaceKind(namespace) === "capability" ? dashed.replace(/^(\d+\.\d+)\.0$/, "$1") : dashed;
}

function valuesOf(attributes: DeviceAttributes, attribute: string): readonly string[] {
  return attributes.get(attribute) ?? [];
}
