// `npm run demo`: one image name, four machine types, four builds.
import { parseArgs } from "node:util";
import { build } from "./bundle.ts";
import { runEmbedded } from "./embedded.ts";
import { report } from "./report.ts";

const help = `npm run demo [-- OPTIONS]

Pushes the builds of one image, asks for it by one name from Pods aimed at four
machine types, and shows which build each of them got, and why.

  --cluster auto|embedded|local|kind|existing
            auto (default): a real cluster where one is ready within a minute,
            else embedded: the webhook with nodes from files, no cluster
            local: Kubernetes as processes of this machine; built with Go the
            first time, which takes about ten minutes
  --down    end the cluster of an earlier demo
  --help    this text
`;

const began = Date.now();
const ended = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => ended.abort(new Error("interrupted")));

const say = (line: string): void => console.log(`[${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s] ${line}`);
const { values } = parseArgs({
  options: {
    cluster: { type: "string", default: "auto" },
    down: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(help);
} else {
  console.log(
    "Demo without a cluster: the webhook over HTTPS, nodes and machine types from files, a registry in this process.",
  );
  await build();
  const { pods, builds, warnings } = await runEmbedded(say, ended.signal);
  console.log(`\n${report(pods, builds.tags, process.stdout.columns)}\n`);
  for (const warning of warnings) console.log(`Warning: ${warning}`);
  console.log(`Done in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}
