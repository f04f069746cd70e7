import { describe, type TestContext, test } from "vitest";
import type { Lack } from "../cluster/lack.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Debian's names of the packages for want of which the test was skipped. */
    missingPackages?: readonly string[];
  }
}

/**
 * A suite of tests that need something of this machine. Where that is lacking, one skipped test of the suite's name
 * stands for it and says why.
 */
export function describeWith<T extends object>(found: T | Lack, name: string, body: (found: T) => void): void {
  if (isLack(found)) test(name, (context) => needs(context, found));
  else describe(name, () => body(found));
}

/** Skips the test where what it needs is lacking. */
export function needs({ skip, task }: TestContext, found: object | Lack): void {
  if (!isLack(found)) return;
  const { skip: reason, packages } = found;
  task.meta.missingPackages = packages;
  skip(reason);
}

function isLack(found: object): found is Lack {
  return "skip" in found && "packages" in found;
}
