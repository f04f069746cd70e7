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
export function parseNvidiaSmi(query: string, header?: string): Found {
  const lines = query.split("\n").filter((each) => each.trim() !== "");
  const read = lines.map((line) => ({ text: line.trim(), gpu: readLine(line) }));
  const some = read.some(({ gpu }) => gpu?.lost === false);
  const gpus = read.flatMap(({ gpu }) => (gpu === undefined || (some && gpu.lost) ? [] : [gpu]));
  const others = read.flatMap(({ text, gpu }) => (gpu === undefined || (some && gpu.lost) ? [text] : []));
  const unknown = gpus.filter(({ capability }) => capability === undefined).map(({ name }) => name);
  const capabilities = unknown.length > 0 ? [] : gpus.map(({ capability }) => `nvcap:${capability}`);
  const drivers = driversOf(gpus, header ?? "");
  const cuda = /\bCUDA(?: UMD)? Version:\s*(\d{1,3}\.\d{1,3})\b/.exec(header ?? "")?.[1];
  const features = [...capabilities, ...drivers, ...(cuda === undefined ? [] : [`cuda:${cuda}`])];
  const notes =
    gpus.length === 0
      ? others.map(withoutCapabilityNote)
      : [
          ...unknown.map(withoutCapabilityNote),
          ...(drivers.length === 0 ? ["nvdriver is not offered: nvidia-smi names no version of the driver."] : []),
          // Before 410 the header has no such field, and where libcuda is missing it says ERR!.
          ...(cuda === undefined && header !== undefined
            ? ["cuda is not offered: the header of nvidia-smi names no CUDA version."]
            : []),
          ...others.map((text) => `nvidia-smi also says ${quote(text)}.`),
        ];
  return { features: [...new Set(features)], notes: [...new Set(notes)].slice(0, maxNotes) };
}

/** A machine has one driver. Jetson's tool says [N/A] of each GPU, and names the driver in the header. */
function driversOf(gpus: readonly Gpu[], header: string): readonly string[] {
  const told = gpus.flatMap(({ driver }) => (driver === undefined ? [] : [`nvdriver:${driver}`]));
  if (told.length > 0 || gpus.length === 0) return told;
  const driver = /\b(?:Driver|KMD) Version:\s*(\d{1,4}(?:\.\d{1,4}){1,2})\b/.exec(header)?.[1];
  return driver === undefined ? [] : [`nvdriver:${driver}`];
}

function withoutCapabilityNote(text: string): string {
  return `nvcap is not offered: nvidia-smi names no compute capability of ${quote(text)}.`;
}

const maxNotes = 16;

interface Gpu {
  readonly capability?: string;
  readonly driver?: string;
  readonly name: string;
  readonly lost: boolean;
}

/** The text of a column that cannot be told: `[N/A]`, `[Not Supported]`, `[Unknown Error]`. */
const untold = /^(\[[A-Za-z/ ]{1,40}\]|N\/A)$/;

/** A column of a GPU that no container is given before a reset (nvml.h: NVML_ERROR_GPU_IS_LOST, NVML_ERROR_RESET_REQUIRED). */
const lost = /^\[GPU (is lost|requires reset)\]$/i;

/** A line describes a GPU where each of its columns is told or cannot be; undefined for any other. */
function readLine(line: string): Gpu | undefined {
  const fields = line.split(",").map((field) => field.trim());
  const [first = "", second = "", ...name] = fields;
  const capability = /^\d{1,2}\.\d$/.test(first) ? first : undefined;
  const driver = /^\d{1,4}(\.\d{1,4}){1,2}$/.test(second) ? second : undefined;
  if (capability === undefined && driver === undefined && !(untold.test(first) && untold.test(second)))
    return undefined;
  return {
    ...(capability === undefined ? {} : { capability }),
    ...(driver === undefined ? {} : { driver }),
    name: name.join(", ") || line.trim(),
    lost: fields.some((field) => lost.test(field)),
  };
}
