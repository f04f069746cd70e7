import type { HostReport } from "./host.ts";
import { parseLscpu } from "./lscpu.ts";

/** Texts that tell no CPU but are no accident either: how to know them, and why they are refused, as a sentence's end. */
const strangers: readonly (readonly [pattern: RegExp, refused: string])[] = [
  [
    /^(OS Name:\s+Microsoft Windows|Host Name:.*\r?\nOS Name:|System Type:\s+\w+-based PC|PROCESSOR_(IDENTIFIER|ARCHITECTURE)=)/m,
    "it is a text of Windows, which does not name the CPU's instructions: declare the machine type's platform and features",
  ],
  [/^(Hardware Overview:|[ \t]+(Chip|Processor Name|Model Identifier): )/m, macAdvice("system_profiler")],
  [/^hw\.(machine|model|optional|cputype|ncpu)\b/m, macAdvice("another sysctl")],
  [
    /^(Architektur|Arquitectura|Architettura|Arquitetura|Архитектура)\s*:/m,
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
