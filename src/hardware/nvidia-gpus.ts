/** A compute capability, and GPUs that have it. */
export interface NvidiaGpus {
  readonly capability: string;
  /** Where the first name is found: the columns of NVIDIA's table. */
  readonly place: "data-center" | "workstation" | "jetson";
  /** The best-known first. */
  readonly names: readonly string[];
}

/**
 * Capabilities in order. The first names are those of data centres, where there is one. From NVIDIA's tables, read in
 * November 2026: 8.6 and above from "CUDA GPU Compute Capability" (developer.nvidia.com/cuda-gpus), 8.0 and T4 from the
 * same table as it was in 2022, 7.2 and below from "Legacy CUDA GPU Compute Capability"
 * (developer.nvidia.com/cuda-legacy-gpus), RTX 2080 Ti and RTX 3090 from "TensorRT-RTX 1.4 Support Matrix"
 * (docs.nvidia.com/deeplearning/tensorrt-rtx).
 */
export const nvidiaGpus: readonly NvidiaGpus[] = [
  { capability: "5.0", place: "workstation", names: ["GTX 750"] },
  { capability: "5.2", place: "data-center", names: ["M60", "M40", "GTX 980"] },
  { capability: "5.3", place: "jetson", names: ["Jetson Nano"] },
  { capability: "6.0", place: "data-center", names: ["P100"] },
  { capability: "6.1", place: "data-center", names: ["P40", "P4", "GTX 1080"] },
  { capability: "6.2", place: "jetson", names: ["Jetson TX2"] },
  { capability: "7.0", place: "data-center", names: ["V100"] },
  { capability: "7.2", place: "jetson", names: ["Jetson AGX Xavier"] },
  { capability: "7.5", place: "data-center", names: ["T4", "RTX 2080 Ti"] },
  { capability: "8.0", place: "data-center", names: ["A100", "A30"] },
  { capability: "8.6", place: "data-center", names: ["A10", "A40", "RTX 3090"] },
  { capability: "8.7", place: "jetson", names: ["Jetson AGX Orin", "Jetson Orin Nano"] },
  { capability: "8.9", place: "data-center", names: ["L40S", "L4", "RTX 4090"] },
  { capability: "9.0", place: "data-center", names: ["H100", "H200", "GH200"] },
  { capability: "10.0", place: "data-center", names: ["B200", "GB200"] },
  { capability: "10.3", place: "data-center", names: ["B300", "GB300"] },
  { capability: "11.0", place: "jetson", names: ["Jetson T5000", "Jetson T4000"] },
  { capability: "12.0", place: "data-center", names: ["RTX PRO 6000 Blackwell", "RTX 5090"] },
  { capability: "12.1", place: "workstation", names: ["GB10"] },
];
