import { quote } from "../error.ts";

/** Findings of a probe of a device, as feature texts, and why something it saw is not among them. */
export interface Found {
  readonly features: readonly string[];
  readonly notes: readonly string[];
}

/** The arguments whose output `parseNvidiaSmi` reads first; the second is the output of a bare `nvidia-smi`. */
export const nvidiaSmiQuery: readonly string[] = [
  "--query-gpu=compute_cap,driver_version,name",
  "--format=csv,noheader",
];

/**
 * `nvidia-smi --query-gpu=compute_cap,driver_version,name --format=csv,noheader`, a line for each GPU, and the header
 * of `nvidia-smi`, which names the newest CUDA that the driver supports. GPUs of several kinds: all their capabilities
 * are offered, and an image must run on each; so none is, where one does not say its own.
 */
export function parseNvidiaSmi(query: string, header = ""): Found {
  const capabilities = new Set<string>();
  const drivers = new Set<string>();
  const notes: string[] = [];
  for (const line of query.split("\n").filter((each) => each.trim() !== "")) {
    const [capability = "", driver = "", ...name] = line.split(",").map((field) => field.trim());
    if (/^\d{1,4}(\.\d{1,4}){1,2}$/.test(driver)) {
      drivers.add(`nvdriver:${driver}`);
    }
    if (/^\d{1,2}\.\d$/.test(capability)) {
      capabilities.add(`nvcap:${capability}`);
    } else {
      notes.push(`nvcap is not offered: nvidia-smi names no compute capability of ${quote(name.join(", ") || line)}.`);
    }
  }
  const cuda = /\bCUDA(?: UMD)? Version:\s*(\d{1,3}\.\d{1,3})\b/.exec(header)?.[1];
  return {
    features: [
      ...(notes.length === 0 ? capabilities : []),
      ...drivers,
      ...(cuda === undefined ? [] : [`cuda:${cuda}`]),
    ],
    notes: [...new Set(notes)].slice(0, maxNotes),
  };
}

const maxNotes = 16;
