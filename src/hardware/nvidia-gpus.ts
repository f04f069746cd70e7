/** A compute capability, and GPUs that have it (NVIDIA, "CUDA GPU Compute Capability"). */
export interface NvidiaGpus {
  readonly capability: string;
  /** The best-known first. */
  readonly names: readonly string[];
}

/** Capabilities in order. The first names are those of data centres, where there is one. */
export const nvidiaGpus: readonly NvidiaGpus[] = [
  { capability: "5.0", names: ["M10", "GTX 750"] },
  { capability: "5.2", names: ["M60", "M40", "GTX 980"] },
  { capability: "5.3", names: ["Jetson TX1"] },
  { capability: "6.0", names: ["P100"] },
  { capability: "6.1", names: ["P40", "P4", "GTX 1080"] },
  { capability: "6.2", names: ["Jetson TX2"] },
  { capability: "7.0", names: ["V100"] },
  { capability: "7.2", names: ["Jetson AGX Xavier"] },
  { capability: "7.5", names: ["T4", "RTX 2080"] },
  { capability: "8.0", names: ["A100", "A30"] },
  { capability: "8.6", names: ["A10", "A40", "RTX 3090"] },
  { capability: "8.7", names: ["Orin"] },
  { capability: "8.9", names: ["L40S", "L4", "RTX 4090"] },
  { capability: "9.0", names: ["H100", "H200", "GH200"] },
  { capability: "10.0", names: ["B200", "GB200"] },
  { capability: "10.3", names: ["B300", "GB300"] },
  { capability: "11.0", names: ["Jetson T5000"] },
  { capability: "12.0", names: ["RTX 5090", "RTX PRO 6000 Blackwell"] },
  { capability: "12.1", names: ["GB10"] },
];
