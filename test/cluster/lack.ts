import type { MissingRequirement } from "./error.ts";

/** Something that tests need and this machine has not. */
export interface Lack {
  /** One line: why tests that need it are skipped. */
  readonly skip: string;
  /** Debian's names of the packages that would bring it; empty where no package does. */
  readonly packages: readonly string[];
}

export function lack(skip: string, packages: readonly string[] = []): Lack {
  return { skip, packages };
}

export function lackOf(error: MissingRequirement, without = ""): Lack {
  return lack(`${without}${error.message}`, error.packages);
}
