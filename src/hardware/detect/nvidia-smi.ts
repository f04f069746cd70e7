import { quote } from "../error.ts";

/** What a probe of a device found, as feature texts, and why something it saw is not among them. */
export interface Found {
  readonly features: readonly string[];
  readonly notes: readonly string[];
}

/** The arguments whose output `parseNvidiaSmi` reads first; the second is the output of a bare `nvidia-smi`. */
export const nvidiaSmiQuery: readonly string[] = [
  "--query-gpu=compute_cap,driver_version,name",
  "--format=csv,noheader",
];

/** For drivers before 510, which do not know `compute_cap` and refuse the whole question. */
export const nvidiaSmiOldQuery: readonly string[] = ["--query-gpu=driver_version,name", "--format=csv,noheader"];

/** The lines of `nvidiaSmiOldQuery` as `nvidiaSmiQuery` would have them, where the capability is not told. */
export function withoutCapability(query: string): string {
  return query
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => `[Not Supported], ${line}\n`)
    .join("");
}

/** Whether some GPU is described in the answer: warnings, and exit codes other than 0, may stand beside that. */
export function describesGpu(query: string): boolean {
  return query.split("\n").some((line) => readLine(line) !== undefined);
}

/**
 * `nvidia-smi --query-gpu=compute_cap,driver_version,name --format=csv,noheader`, a line for each GPU, and the header
 * of `nvidia-smi`, which names the newest CUDA that the driver supports. GPUs of several kinds: all their capabilities
 * are offered, and an image must run on each; so none is, where one does not say its own. A warning, or a GPU that the
 * driver has lost, withholds nothing where others are described.
 */
export function parseNvidiaSmi(query: string, header = ""): Found {
  const capabilities = new Set<string>();
  const drivers = new Set<string>();
  const unknown: string[] = [];
  const others: string[] = [];
  for (const line of query.split("\n").filter((each) => each.trim() !== "")) {
    const gpu = readLine(line);
    if (gpu === undefined) {
      others.push(line.trim());
      continue;
    }
    if (gpu.driver !== undefined) drivers.add(`nvdriver:${gpu.driver}`);
    if (gpu.capability === undefined) unknown.push(gpu.name === "" ? line.trim() : gpu.name);
    else capabilities.add(`nvcap:${gpu.capability}`);
  }
  const described = capabilities.size + unknown.length > 0;
  const cuda = /\bCUDA(?: UMD)? Version:\s*(\d{1,3}\.\d{1,3})\b/.exec(header)?.[1];
  const notes = [
    ...(described ? unknown : [...unknown, ...others]).map(
      (text) => `nvcap is not offered: nvidia-smi names no compute capability of ${quote(text)}.`,
    ),
    // Before 410 the header has no such field, and where libcuda is missing it says ERR!.
    ...(described && cuda === undefined && /NVIDIA-SMI/.test(header)
      ? ["cuda is not offered: the header of nvidia-smi names no CUDA version."]
      : []),
    ...(described ? others.map((text) => `nvidia-smi also says ${quote(text)}.`) : []),
  ];
  return {
    features: [
      ...(unknown.length === 0 ? capabilities : []),
      ...drivers,
      ...(cuda === undefined ? [] : [`cuda:${cuda}`]),
    ],
    notes: [...new Set(notes)].slice(0, maxNotes),
  };
}

const maxNotes = 16;

interface Gpu {
  readonly capability?: string;
  readonly driver?: string;
  readonly name: string;
}

/** A line that describes a GPU has its capability or its driver's version; undefined for any other. */
function readLine(line: string): Gpu | undefined {
  const [first = "", second = "", ...name] = line.split(",").map((field) => field.trim());
  const capability = /^\d{1,2}\.\d$/.test(first) ? first : undefined;
  const driver = /^\d{1,4}(\.\d{1,4}){1,2}$/.test(second) ? second : undefined;
  if (capability === undefined && driver === undefined) return undefined;
  return {
    ...(capability === undefined ? {} : { capability }),
    ...(driver === undefined ? {} : { driver }),
    name: name.join(", "),
  };
}
