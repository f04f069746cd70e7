// `npm run demo`: one image name, four machine types, four builds.
import { ClusterError } from "../cluster/error.ts";
import { build } from "./bundle.ts";
import { type Choice, choose } from "./choose.ts";
import { runConsoleDemo } from "./console.ts";
import { runEmbedded } from "./embedded.ts";
import { type DemoOptions, help, readOptions } from "./options.ts";
import { proxyReport, runProxyDemo } from "./proxy.ts";
import { endIt, endReal, findDemo, type RealOptions, runReal } from "./real.ts";
import { report } from "./report.ts";

const began = Date.now();
const ended = new AbortController();
const { signal } = ended;
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => ended.abort(new Error("interrupted")));
// EPIPE: whoever read the output is gone.
process.stdout.on("error", (error) => ended.abort(error));
const elapsed = (): string => `${((Date.now() - began) / 1000).toFixed(1)} s`;
const say = (line: string): void => console.log(`[${elapsed().padStart(7)}] ${line}`);

try {
  process.exitCode = await main();
} catch (error) {
  if (signal.aborted) console.error("demo: interrupted; what this run had started is ended");
  else if (error instanceof ClusterError) console.error(`demo: ${error.message}`);
  else throw error;
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if ("wrong" in options) {
    console.error(`demo: ${options.wrong}; see npm run demo -- --help`);
    return 2;
  }
  if (options.help) {
    console.log(help);
    return 0;
  }
  if (options.down) {
    console.log((await endReal(signal)) ? `Ended the demo's cluster in ${elapsed()}.` : "No cluster of a demo is up.");
    return 0;
  }
  if (options.proxy) return proxyDemo();
  if (options.console) return consoleDemo();
  const { cluster, level } = options;
  const up = cluster === "embedded" ? undefined : await findDemo(say, signal);
  if (up !== undefined) {
    if (level === undefined || level === up.level) return real({ ...up, up: true, say, signal });
    console.error(`demo: a demo of level ${up.level} is up; end it first: ${endIt}`);
    return 1;
  }
  const choice = await choose(options, signal);
  if (choice.provider === undefined) return embedded(options, choice);
  if (choice.without !== undefined) console.log(`No containers will run: ${choice.without}.`);
  return real({ provider: choice.provider, level: choice.level, up: false, say, signal });
}

async function real(options: RealOptions): Promise<number> {
  const { provider, level } = options;
  const runs = level === "nodes" ? "containers run on real nodes" : "nodes are objects";
  console.log(`Demo on a real cluster (${provider}, level ${level}: ${runs}).\n`);
  await build();
  const { pods, builds, cluster, warnings } = await runReal(options);
  show(report(pods, builds.tags, process.stdout.columns), warnings);
  console.log(`Look around:  export KUBECONFIG=${cluster.kubeconfig}`);
  console.log("              kubectl get machinetypes; kubectl describe pod bench-type4");
  console.log(`End it:       ${endIt}`);
  console.log(`Done in ${elapsed()}.`);
  return 0;
}

async function embedded({ cluster }: DemoOptions, { without }: Choice): Promise<number> {
  console.log(
    cluster === "embedded"
      ? "Demo without a cluster, as asked."
      : `Demo without a cluster, because none is ready within a minute: ${without}.`,
  );
  console.log(
    "The webhook runs over HTTPS with nodes and machine types from files; a registry runs in this process.\n",
  );
  await build();
  const { pods, builds, warnings } = await runEmbedded(say, signal);
  show(report(pods, builds.tags, process.stdout.columns), warnings);
  console.log("The same on a real API server and scheduler: npm run demo -- --cluster local");
  console.log(`(it builds Kubernetes with Go the first time, about ten minutes). Done in ${elapsed()}.`);
  return 0;
}

async function proxyDemo(): Promise<number> {
  console.log("Demo of the filtering registry: four logins, one name, four builds.\n");
  await build();
  const result = await runProxyDemo(say, signal);
  console.log(`\n${proxyReport(result, process.stdout.columns ?? 80)}\n`);
  console.log(`How clients use it: docs/machines-outside.md. Done in ${elapsed()}.`);
  return 0;
}

async function consoleDemo(): Promise<number> {
  await build();
  await runConsoleDemo(say, signal, ({ url, user, password }) => {
    console.log(`\nThe console:  ${url}`);
    console.log(`Sign in as:   ${user}, with the password ${password}`);
    console.log("End it:       Ctrl-C");
  });
  return 0;
}

function show(table: string, warnings: readonly string[]): void {
  console.log(`\n${table}\n`);
  for (const warning of warnings) console.log(warning);
}
