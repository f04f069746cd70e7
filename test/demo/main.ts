// `npm run demo`: one image name, four machine types, four builds.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PROVIDERS, type ProviderName } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/error.ts";
import { readyWithinAMinute } from "../cluster/start.ts";
import { build } from "./bundle.ts";
import { runEmbedded } from "./embedded.ts";
import { demoFolder, endReal, runReal } from "./real.ts";
import { report } from "./report.ts";

const help = `npm run demo [-- OPTIONS]

Pushes the builds of one image, asks for it by one name from Pods aimed at four
machine types, and shows which build each of them got, and why.

  --cluster auto|embedded|local|kind|existing
            auto (default): a real cluster where one is ready within a minute,
            else embedded: the webhook with nodes from files, no cluster
            local: Kubernetes as processes of this machine; built with Go the
            first time, which takes about ten minutes
            kind: nodes as Docker containers
            existing: the cluster of the kubeconfig $METAHUB_TEST_KUBECONFIG
  --down    end the cluster of an earlier demo
  --help    this text
`;

const began = Date.now();
const ended = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => ended.abort(new Error("interrupted")));
const elapsed = (): string => `${((Date.now() - began) / 1000).toFixed(1)} s`;
const say = (line: string): void => console.log(`[${elapsed().padStart(7)}] ${line}`);

try {
  process.exitCode = await main();
} catch (error) {
  if (ended.signal.aborted) console.error("demo: interrupted; everything it had started is ended");
  else if (error instanceof ClusterError) console.error(`demo: ${error.message}`);
  else throw error;
  process.exitCode = 1;
}

async function main(): Promise<number> {
  let values: { cluster: string; down: boolean; help: boolean };
  try {
    ({ values } = parseArgs({
      options: {
        cluster: { type: "string", default: "auto" },
        down: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message.split(". ")[0] : error}; see npm run demo -- --help`);
    return 2;
  }
  if (values.help) {
    console.log(help);
    return 0;
  }
  if (values.down) {
    console.log(
      (await endReal(ended.signal)) ? `Ended the demo's cluster in ${elapsed()}.` : "No cluster of a demo is up.",
    );
    return 0;
  }
  const provider = PROVIDERS.find((name) => name === values.cluster);
  if (provider !== undefined) return real(provider, `Demo on a real cluster (${provider}).`);
  if (values.cluster === "embedded") return embedded("Demo without a cluster, as asked.");
  if (values.cluster !== "auto") {
    console.error(`demo: --cluster ${values.cluster}: it can be auto, embedded, ${PROVIDERS.join(", ")}`);
    return 2;
  }
  if (existsSync(join(demoFolder, "cluster.json"))) return real("local", "Demo on the real cluster that is up.");
  const ready = await readyWithinAMinute({
    level: "api",
    signal: ended.signal,
    tools: ["kubectl", "helm", "registry"],
  });
  return "provider" in ready
    ? real(ready.provider, `Demo on a real cluster (${ready.provider}).`)
    : embedded(`Demo without a cluster, because none is ready within a minute: ${ready.reason}.`);
}

async function embedded(first: string): Promise<number> {
  console.log(
    `${first}\nThe webhook runs over HTTPS with nodes and machine types from files; a registry runs in this process.\n`,
  );
  await build();
  const { pods, builds, warnings } = await runEmbedded(say, ended.signal);
  show(report(pods, builds.tags, process.stdout.columns), warnings);
  console.log("The same on a real API server and scheduler: npm run demo -- --cluster local");
  console.log(`(it builds Kubernetes with Go the first time, about ten minutes). Done in ${elapsed()}.`);
  return 0;
}

async function real(provider: ProviderName, first: string): Promise<number> {
  console.log(`${first}\n`);
  await build();
  const { pods, builds, cluster, warnings } = await runReal(provider, say, ended.signal);
  show(report(pods, builds.tags, process.stdout.columns), warnings);
  console.log(`Look around:  export KUBECONFIG=${cluster.kubeconfig}`);
  console.log("              kubectl get machinetypes; kubectl describe pod bench-type4");
  console.log("End it:       npm run demo -- --down");
  console.log(`Done in ${elapsed()}.`);
  return 0;
}

function show(table: string, warnings: readonly string[]): void {
  console.log(`\n${table}\n`);
  for (const warning of warnings) console.log(warning);
}
