export const testHelp: string;
export const testFullSays: string;
export function testFiles(root: string): string[];
export function readTestArguments(
  args: readonly string[],
  files: readonly string[],
): { readonly help?: boolean; readonly wrong?: string; readonly vitest?: string[] };
