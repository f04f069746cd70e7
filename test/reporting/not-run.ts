import { installCommand } from "../cluster/install-command.ts";
import type { Skipped } from "./outcome.ts";

/** What was not run, by reason, and the one command that would bring all that packages can bring. */
export function notRun(skipped: readonly Skipped[], osRelease?: string): readonly string[] {
  if (skipped.length === 0) return [];
  const byReason = Map.groupBy(skipped, ({ reason = "no reason is given" }) => reason);
  const reasons = [...byReason].map(([reason, tests]) => `  ${tests.map(({ name }) => name).join("; ")}: ${reason}`);
  const packages = [...new Set(skipped.flatMap((test) => test.packages))].sort();
  const remedy = packages.length === 0 ? [] : [`To run them: ${installCommand(packages, osRelease)}`];
  return ["Not run on this machine:", ...reasons, ...remedy];
}
