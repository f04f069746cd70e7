import { dirname } from "node:path";
import { defaultSources, resolveBinaries } from "../cluster/binaries.ts";
import { MissingRequirement } from "../cluster/error.ts";
import { type Lack, lackOf } from "../cluster/lack.ts";
import { createProgress } from "../cluster/progress.ts";
import { requireClient } from "./own-hosts.ts";

/** A client that is built from its Go module, once for each version. */
export async function requireGoClient(name: "crane" | "oras" | "regctl"): Promise<{ readonly folder: string } | Lack> {
  const root = requireClient("unshare", "util-linux");
  if ("skip" in root) return root;
  try {
    const progress = createProgress((line) => void process.stderr.write(`${line}\n`));
    const binary = await resolveBinaries([name], defaultSources(), progress, new AbortController().signal);
    return { folder: dirname(binary(name)) };
  } catch (error) {
    if (error instanceof MissingRequirement) return lackOf(error);
    throw error;
  }
}

/** Where these clients keep their logins: below the folder of the test. */
export function goClientSettings(home: string, folder: string): Readonly<Record<string, string>> {
  return { PATH: `${folder}:${process.env["PATH"]}`, DOCKER_CONFIG: home, REGCTL_CONFIG: `${home}/regctl.json` };
}
