import type { AllocatedDevice } from "../../../src/hardware/devices/device.ts";

/** A device with these attributes. */
export function device(
  driver: string,
  attributes: Readonly<Record<string, string | readonly string[]>>,
): AllocatedDevice {
  const texts = (value: string | readonly string[]) => (typeof value === "string" ? [value] : value);
  const entries = Object.entries(attributes).map(([name, value]) => [name, texts(value)] as const);
  return { driver, pool: "node", device: "gpu-0", attributes: new Map(entries) };
}

/** As NVIDIA's driver writes a GPU. */
export function nvidia(capability: string, more: Readonly<Record<string, string>> = {}): AllocatedDevice {
  return device("gpu.nvidia.com", {
    cudaComputeCapability: capability,
    driverVersion: "580.105.8",
    cudaDriverVersion: "13.0.0",
    ...more,
  });
}

/** One that no ResourceSlice has. */
export function unknown(driver: string): AllocatedDevice {
  return { driver, pool: "node", device: "gpu-0", attributes: undefined };
}
