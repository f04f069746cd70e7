import { expect, test } from "vitest";
import { archspecName } from "./archspec.ts";
import { parseSysctl } from "./sysctl.ts";

const haswell = `machdep.cpu.vendor: GenuineIntel
machdep.cpu.brand_string: Intel(R) Core(TM) i7-4770HQ CPU @ 2.20GHz
machdep.cpu.features: FPU CMOV MMX FXSR SSE SSE2 SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE OSXSAVE AVX1.0 RDRAND F16C
machdep.cpu.leaf7_features: RDWRFSGS BMI1 AVX2 SMEP BMI2 ERMS INVPCID
machdep.cpu.extfeatures: SYSCALL XD 1GBPAGE EM64T LAHF LZCNT RDTSCP TSCI
`;

test.each([
  ["m1", "machdep.cpu.brand_string: Apple M1 Pro\n"],
  ["m1", "machdep.cpu.brand_string: Apple processor\n"],
  ["m4", "machdep.cpu.brand_string: Apple M4 Max\n"],
  ["m4", "machdep.cpu.brand_string: Apple M99\n"],
  ["aarch64", "machdep.cpu.brand_string: VirtualApple @ 2.50GHz processor\n"],
  ["haswell", haswell],
  ["x86_64_v3", haswell.replace(" AES", "").replace(" PCLMULQDQ", "")],
  ["x86_64", ""],
])("%s", (name, text) => {
  expect(archspecName(parseSysctl(text))).toBe(name);
});
