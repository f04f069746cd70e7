import type { Level, ProviderName } from "../cluster/cluster.ts";
import { MissingRequirement } from "../cluster/error.ts";
import { readyWithinAMinute } from "../cluster/start.ts";
import type { DemoOptions } from "./options.ts";
import { demoTools } from "./real.ts";

/** Where the demo runs; `without`: what this machine lacks for more than that. */
export type Choice = { readonly without?: string } & (
  | { readonly provider: ProviderName; readonly level: Level }
  | { readonly provider: undefined }
);

/** The most that this machine has ready within a minute, of what is asked for. */
export async function choose({ cluster, level }: DemoOptions, signal: AbortSignal): Promise<Choice> {
  if (cluster === "embedded") return { provider: undefined };
  if (cluster === "kind" || cluster === "existing") return { provider: cluster, level: "api" };
  // Asked for by name, it may take as long as it does.
  if (level === "nodes") return { provider: "local", level };
  if (cluster === "local" && level === "api") return { provider: "local", level };
  const nodes = level === undefined ? await readyNodes(signal) : {};
  if (nodes.without === undefined && level === undefined) return { provider: "local", level: "nodes" };
  if (cluster === "local") return { provider: "local", level: "api", ...nodes };
  const api = await readyWithinAMinute({ level: "api", signal, tools: demoTools.api });
  return "provider" in api
    ? { provider: api.provider, level: "api", ...nodes }
    : { provider: undefined, without: api.reason };
}

async function readyNodes(signal: AbortSignal): Promise<{ readonly without?: string }> {
  // The builds of the example are for amd64, and their containers are to run here.
  if (process.arch !== "x64") {
    const { message } = new MissingRequirement("an amd64 machine, for the builds of the example", "use one");
    return { without: message };
  }
  const ready = await readyWithinAMinute({ level: "nodes", signal, tools: demoTools.nodes });
  if ("reason" in ready) return { without: ready.reason };
  if (ready.provider !== "local") return { without: `${ready.provider} has nodes, but not of four kinds` };
  return {};
}
