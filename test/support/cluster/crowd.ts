const zones = ["a", "b", "c"];
/** Words of node-feature-discovery for an x86-64 server's instruction set (cpu-cpuid.*), the newer the more. */
const flags = [
  ...["ADX", "AESNI", "AVX", "AVX2", "CMPXCHG8", "FMA3", "FXSR", "FXSROPT", "IBPB", "LAHF", "MOVBE", "OSXSAVE"],
  ...["SPEC_CTRL_SSBD", "STIBP", "SYSCALL", "SYSEE", "X87", "XGETBV1", "XSAVE", "XSAVEC", "XSAVEOPT", "XSAVES"],
  ...["AVX512F", "AVX512BW", "AVX512CD", "AVX512DQ", "AVX512VL", "AVX512VNNI", "GFNI", "SHA", "VAES", "VPCLMULQDQ"],
  ...["AVX512BF16", "AVX512FP16", "AMXBF16", "AMXINT8", "AMXTILE", "AVXVNNI", "SERIALIZE", "WBNOINVD"],
];
/** How many of the flags a generation has, and its family and model. */
const generations = [
  { flags: 22, model: "79" },
  { flags: 28, model: "85" },
  { flags: 32, model: "106" },
  { flags: 40, model: "143" },
] as const;

/**
 * A node as a managed cluster with node-feature-discovery and NVIDIA's operator has it: 45 to 75 labels, and the status
 * that a kubelet registers with.
 */
export function crowdNode(index: number): object {
  const name = `crowd-${index}`;
  const { flags: has, model } = generations[index % generations.length] ?? generations[0];
  const nfd = "feature.node.kubernetes.io";
  const gpu = index % 4 === 3;
  const labels = {
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/os": "linux",
    "kubernetes.io/hostname": name,
    "node.kubernetes.io/instance-type": `crowd.${index % 12}`,
    "topology.kubernetes.io/region": "test-1",
    "topology.kubernetes.io/zone": `test-1${zones[index % zones.length]}`,
    "failure-domain.beta.kubernetes.io/zone": `test-1${zones[index % zones.length]}`,
    "example.com/pool": `pool-${index % 40}`,
    "example.com/node-id": `i-${index.toString(16).padStart(17, "0")}`,
    ...Object.fromEntries(flags.slice(0, has).map((flag) => [`${nfd}/cpu-cpuid.${flag}`, "true"])),
    [`${nfd}/cpu-model.vendor_id`]: "Intel",
    [`${nfd}/cpu-model.family`]: "6",
    [`${nfd}/cpu-model.id`]: model,
    [`${nfd}/cpu-hardware_multithreading`]: "true",
    [`${nfd}/kernel-version.full`]: "6.1.0-28-amd64",
    [`${nfd}/kernel-version.major`]: "6",
    [`${nfd}/kernel-version.minor`]: "1",
    [`${nfd}/memory-numa`]: "true",
    [`${nfd}/pci-1d0f.present`]: "true",
    [`${nfd}/storage-nonrotationaldisk`]: "true",
    [`${nfd}/system-os_release.ID`]: "debian",
    [`${nfd}/system-os_release.VERSION_ID`]: "12",
    ...(gpu
      ? {
          [`${nfd}/pci-10de.present`]: "true",
          "nvidia.com/gpu.present": "true",
          "nvidia.com/gpu.count": "8",
          "nvidia.com/gpu.family": "hopper",
          "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
          "nvidia.com/gpu.memory": "81559",
          "nvidia.com/gpu.compute.major": "9",
          "nvidia.com/gpu.compute.minor": "0",
          "nvidia.com/cuda.driver.major": "550",
          "nvidia.com/cuda.driver.minor": "54",
          "nvidia.com/cuda.driver.rev": "15",
          "nvidia.com/cuda.runtime.major": "12",
          "nvidia.com/cuda.runtime.minor": "4",
        }
      : {}),
  };
  const resources = { cpu: "64", memory: "256Gi", pods: "110", ...(gpu ? { "nvidia.com/gpu": "8" } : {}) };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels, annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" } },
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [
        { type: "InternalIP", address: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}` },
        { type: "Hostname", address: name },
      ],
      conditions: [
        { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" },
      ],
      // Some of the 50 images that a kubelet reports.
      images: Array.from({ length: 10 }, (_, image) => ({
        names: [`registry.example.com/team/image-${image}@sha256:${String(image).padStart(64, "0")}`],
        sizeBytes: 100_000_000 + image,
      })),
      nodeInfo: {
        machineID: "",
        systemUUID: "",
        bootID: "",
        kernelVersion: "6.1.0-28-amd64",
        osImage: "Debian GNU/Linux 12 (bookworm)",
        containerRuntimeVersion: "containerd://2.1.0",
        kubeletVersion: "v1.37.2",
        kubeProxyVersion: "",
        operatingSystem: "linux",
        architecture: "amd64",
      },
    },
  };
}
