import { machineNames } from "./architecture.ts";
import type { HostReport } from "./host.ts";
import { parseLscpu } from "./lscpu.ts";

const windows =
  "it is a text of Windows, which does not name the CPU's instructions: declare the machine type's platform and features";

/**
 * Texts that tell no CPU but are no accident either: how to know them, and why they are refused, as a sentence's end.
 * Tools translate the names of their fields, and not the values: by those they are known.
 */
const strangers: readonly (readonly [pattern: RegExp, refused: string])[] = [
  [
    /^(OS Name:\s+Microsoft Windows|Host Name:.*\r?\nOS Name:|PROCESSOR_(IDENTIFIER|ARCHITECTURE)=|PSComputerName\b)/m,
    windows,
  ],
  // systeminfo, "System Type", in any language: Windows' own name of the architecture stays.
  [/[:\uFF1A][ \t\u00A0]*(x64|X86|ARM64)[- ]based PC\b/im, windows],
  // Win32_Processor's Caption (wmic, Get-CimInstance): the registry's HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor.
  [/\b(Intel64|AMD64|EM64T|x86|ia64|ARMv8(?: \(64-bit\))?|ARM64) Family [0-9A-F]{1,4} Model [0-9A-F]{1,4}\b/i, windows],
  [/^(Hardware Overview:|[ \t]+(Chip|Processor Name|Model Identifier): )/m, macAdvice("system_profiler")],
  [/^hw\.(machine|model|optional|cputype|ncpu)\b/m, macAdvice("another sysctl")],
  // lscpu's first line, by `uname -m` at its end: French writes a blank before the colon, Chinese a
  // full-width one. The kernel's own fields may have such values too.
  [
    new RegExp(
      `^(?!Architecture:|(?:cpu|isa|machine|model|platform|processor|uarch)\\b)[^:\\uFF1A\\n]{1,64}[:\\uFF1A][ \\t\\u00A0\\u3000]*(?:${machineNames.join("|")})[ \\t]*$`,
      "m",
    ),
    "it is lscpu in another language: run LC_ALL=C lscpu",
  ],
  [/^\s*[[{]/, "it is JSON that is no output of lscpu -J"],
  [/^<\?xml|^<!DOCTYPE|^<html/i, "it is a page or an XML file"],
  [/^apiVersion:\s/m, "it is a manifest: metahub detect --nodes -f reads those of nodes"],
];

function macAdvice(tool: string): string {
  return `it is macOS's ${tool}: send what sysctl machdep.cpu prints`;
}

/** A text from another machine. */
export type Capture = HostReport & {
  /** Why the text is refused, where it is known what it is. */
  readonly refused?: string;
};

/** How much of a text is looked at to learn what it is. */
const maxLooked = 64 * 1024;

/**
 * A capture of another machine: `/proc/cpuinfo`, `lscpu`, or macOS's `sysctl machdep.cpu`. Any text gives an answer, in
 * time linear in its length.
 */
export function captureOf(text: string): Capture {
  // An editor on Windows may have saved it, or PowerShell as UTF-16, which read as UTF-8 is full of NULs.
  const plain = text
    .replace(/^[\uFEFF\uFFFD]+/, "")
    .replaceAll("\u0000", "")
    .replaceAll("\r\n", "\n");
  if (/^machdep\.cpu\./m.test(plain)) return { cpu: { sysctl: plain } };
  const head = plain.slice(0, maxLooked);
  const lscpu = parseLscpu(head);
  if (lscpu !== undefined) {
    const { cpuinfo, machine, byteOrder } = lscpu;
    return { cpu: { cpuinfo }, machine, ...(byteOrder === undefined ? {} : { byteOrder }) };
  }
  const stranger = strangers.find(([pattern]) => pattern.test(head));
  const capture = { cpu: { cpuinfo: plain } };
  return stranger === undefined ? capture : { ...capture, refused: stranger[1] };
}
