import { expect, test } from "vitest";
import { describesGpu, parseNvidiaSmi, withoutCapability } from "./nvidia-smi.ts";

const headerLine = `+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 570.86.15              Driver Version: 570.86.15      CUDA Version: 12.8     |
|-----------------------------------------+------------------------+----------------------+`;

test.each([
  ["one GPU", "9.0, 570.86.15, NVIDIA H200\n", headerLine, ["nvcap:9.0", "nvdriver:570.86.15", "cuda:12.8"]],
  ["GPUs that are alike", "8.0, 535.104.05, A\n8.0, 535.104.05, A\n", "", ["nvcap:8.0", "nvdriver:535.104.05"]],
  // What each of them must run; the orders take all values of a device's namespace together.
  ["GPUs of several kinds", "8.6, 550.54, A\n9.0, 550.54, B\n", "", ["nvcap:8.6", "nvcap:9.0", "nvdriver:550.54"]],
  ["a name with a comma", "7.5, 550.54, Tesla T4, rev 2\n", "", ["nvcap:7.5", "nvdriver:550.54"]],
  ["two digits", "12.1, 580.95.05, NVIDIA GB10\r\n", "", ["nvcap:12.1", "nvdriver:580.95.05"]],
  ["a newer header", "12.0, 590.10, X\n", "| CUDA UMD Version: 13.1 |", ["nvcap:12.0", "nvdriver:590.10", "cuda:13.1"]],
  ["a header without CUDA", "", "| CUDA Version: N/A |", []],
  ["no GPU", "", "", []],
])("%s", (_, query, header, features) => {
  expect(parseNvidiaSmi(query, header === "" ? undefined : header)).toEqual({ features, notes: [] });
});

test.each([
  [
    "a GPU that does not say its own",
    "9.0, 570.86.15, NVIDIA H200\n[N/A], 570.86.15, Old One\n",
    ["nvdriver:570.86.15"],
    "Old One",
  ],
  [
    "a failure",
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n",
    [],
    "NVIDIA-SMI has failed",
  ],
])("no capability is offered after %s", (_, query, features, told) => {
  const found = parseNvidiaSmi(query);
  expect(found.features).toEqual(features);
  expect(found.notes).toHaveLength(1);
  expect(found.notes[0]).toContain(told);
});

test("a flood of lines makes few notes", () => {
  const query = Array.from({ length: 10_000 }, (_, index) => `x${index}`).join("\n");
  expect(parseNvidiaSmi(query).notes).toHaveLength(16);
});

test("a warning and a lost GPU withhold nothing of the others, and are told", () => {
  const lost = "Unable to determine the device handle for GPU0000:41:00.0: Unknown Error";
  const warning = "WARNING: infoROM is corrupted at gpu 0000:3B:00.0";
  const found = parseNvidiaSmi(`8.0, 535.104.05, A100\n${lost}\n${warning}\n`);
  expect(found.features).toEqual(["nvcap:8.0", "nvdriver:535.104.05"]);
  expect(found.notes).toHaveLength(2);
  expect(found.notes[1]).toContain("infoROM");
});

// nvidia-smi has a line for such a GPU, with the reason in its columns (nvml.h, nvmlErrorString).
test.each(["GPU is lost", "GPU requires reset"])(
  "a GPU whose line says [%s] withholds nothing of the others",
  (why) => {
    for (const line of [
      `[${why}], [${why}], [${why}]`,
      `[${why}], 550.54.15, NVIDIA H100`,
      `9.0, 550.54.15, [${why}]`,
    ]) {
      const { features, notes } = parseNvidiaSmi(`${line}\n8.0, 550.54.15, NVIDIA A100\n`);
      expect(features).toEqual(["nvcap:8.0", "nvdriver:550.54.15"]);
      expect(notes).toEqual([expect.stringMatching(/^nvidia-smi also says /)]);
    }
    const alone = parseNvidiaSmi(`[${why}], 550.54.15, [${why}]\n`);
    expect(alone.features).toEqual(["nvdriver:550.54.15"]);
    expect(alone.notes).toEqual([`nvcap is not offered: nvidia-smi names no compute capability of "[${why}]".`]);
  },
);

test.each([
  ["before 410", "| NVIDIA-SMI 390.157                Driver Version: 390.157                   |"],
  ["without libcuda", "| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: ERR!     |"],
])("a header %s names no CUDA, which is told", (_, header) => {
  const { features, notes } = parseNvidiaSmi("6.1, 390.157, GeForce GTX 1080\n", header);
  expect(features).toEqual(["nvcap:6.1", "nvdriver:390.157"]);
  expect(notes).toEqual(["cuda is not offered: the header of nvidia-smi names no CUDA version."]);
});

const noCapability = 'nvcap is not offered: nvidia-smi names no compute capability of "Orin (nvgpu)".';
const noDriver = "nvdriver is not offered: nvidia-smi names no version of the driver.";
const noCuda = "cuda is not offered: the header of nvidia-smi names no CUDA version.";

// The first: JetPack 6 on an Orin. What one column does not tell, the header may; what neither tells is named.
test.each([
  [
    "8.7, [N/A], Orin (nvgpu)",
    "Driver Version: 540.4.0  CUDA Version: 12.6",
    ["nvcap:8.7", "nvdriver:540.4.0", "cuda:12.6"],
    [],
  ],
  [
    "8.7, [N/A], Orin (nvgpu)",
    "NVIDIA-SMI 540.4.0   Driver Version: N/A   CUDA Version: N/A",
    ["nvcap:8.7"],
    [noDriver, noCuda],
  ],
  [
    "8.7, [Unknown Error], Orin (nvgpu)",
    "KMD Version: 590.10  CUDA UMD Version: 13.1",
    ["nvcap:8.7", "nvdriver:590.10", "cuda:13.1"],
    [],
  ],
  [
    "[N/A], [N/A], Orin (nvgpu)",
    "Driver Version: 540.4.0  CUDA Version: 12.6",
    ["nvdriver:540.4.0", "cuda:12.6"],
    [noCapability],
  ],
  ["[Not Supported], N/A, Orin (nvgpu)", "", [], [noCapability, noDriver, noCuda]],
  ["8.7, 540.4.0, [N/A]", "CUDA Version: 12.6", ["nvcap:8.7", "nvdriver:540.4.0", "cuda:12.6"], []],
  [
    "8.7, 540.4.0, Orin (nvgpu)\n8.7, [N/A], Orin (nvgpu)",
    "Driver Version: 1.2  CUDA Version: 12.6",
    ["nvcap:8.7", "nvdriver:540.4.0", "cuda:12.6"],
    [],
  ],
])("%s under %s offers what is told and names what is not", (query, header, features, notes) => {
  expect(parseNvidiaSmi(`${query}\n`, header)).toEqual({ features, notes });
});

test("a driver that knows no compute_cap still tells its version, and the GPU is named", () => {
  const { features, notes } = parseNvidiaSmi(withoutCapability("470.182.03, Tesla K80\n\n"), "CUDA Version: 11.4");
  expect(features).toEqual(["nvdriver:470.182.03", "cuda:11.4"]);
  expect(notes).toEqual(['nvcap is not offered: nvidia-smi names no compute capability of "Tesla K80".']);
});

test.each([
  ["9.0, 570.86.15, NVIDIA H200\n", true],
  ["[N/A], 570.86.15, NVIDIA H200\n", true],
  ["12.1, [N/A], NVIDIA GB10\n", true],
  ['Field "compute_cap" is not a valid field to query.\n\n', false],
  ["[N/A], [N/A], Orin (nvgpu)\n", true],
  ["[Not Supported], No devices were found\n", false],
  ["No devices were found\n", false],
  ["", false],
])("%j describes a GPU: %s", (query, expected) => {
  expect(describesGpu(query)).toBe(expected);
});
