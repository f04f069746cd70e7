import { parseArgs } from "node:util";
import { type Level, levels, type ProviderName, providers } from "../cluster/cluster.ts";

export const help = `npm run demo [-- OPTIONS]

Pushes the builds of one image, asks for it by one name from Pods aimed at four
machine types and from a Deployment for any machine, and shows which build each
of them got, and why.

  --cluster auto|embedded|local|kind|existing
            auto (default): a real cluster where one is ready within a minute,
            else embedded: the webhook with nodes from files, no cluster
            local: Kubernetes as processes of this machine; built with Go the
            first time, which takes about ten minutes
            kind: nodes as Docker containers
            existing: the cluster of the kubeconfig $METAHUB_TEST_KUBECONFIG
  --level auto|nodes|api
            nodes: four kubelets with containerd; the operator is installed with
            Helm, containers run and the table shows what they print. With
            --cluster local; needs Linux and root
            api: nodes are objects and nothing runs on them
            auto (default): nodes where this machine can, else api
  --proxy   the filtering registry instead, without a cluster: four logins, one
            name, four builds, by the clients of registries on this machine
  --console the console in a browser, over the machine types of the examples and a
            registry in this process; until Ctrl-C
  --down    end the cluster of an earlier demo
  --help    this text
`;

export type ClusterChoice = ProviderName | "auto" | "embedded";

export interface DemoOptions {
  readonly cluster: ClusterChoice;
  /** Undefined: the most that this machine can. */
  readonly level: Level | undefined;
  readonly proxy: boolean;
  readonly console: boolean;
  readonly down: boolean;
  readonly help: boolean;
}

/** What the command line asks for, or one line that says what is wrong with it. */
export function readOptions(args: readonly string[]): DemoOptions | { readonly wrong: string } {
  let values: { cluster: string; level: string; proxy: boolean; console: boolean; down: boolean; help: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        cluster: { type: "string", default: "auto" },
        level: { type: "string", default: "auto" },
        proxy: { type: "boolean", default: false },
        console: { type: "boolean", default: false },
        down: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    return { wrong: (error instanceof Error ? error.message.split(". ")[0] : undefined) ?? String(error) };
  }
  const clusters = ["auto", "embedded", ...providers] as const;
  const cluster = clusters.find((name) => name === values.cluster);
  if (cluster === undefined) return { wrong: `--cluster ${values.cluster}: it can be ${clusters.join(", ")}` };
  const level = levels.find((name) => name === values.level);
  if (level === undefined && values.level !== "auto")
    return { wrong: `--level ${values.level}: it can be auto, ${levels.join(", ")}` };
  const alone = (["proxy", "console"] as const).find((name) => values[name]);
  if (alone !== undefined && isGiven(values)) return { wrong: `--${alone} has no cluster` };
  if (level !== undefined && cluster === "embedded") return { wrong: "--level needs a cluster; embedded has none" };
  if (level === "nodes" && cluster !== "auto" && cluster !== "local")
    return {
      wrong: `--level nodes needs --cluster local, whose nodes can be made four kinds of machine, not ${cluster}`,
    };
  return { cluster, level, proxy: values.proxy, console: values.console, down: values.down, help: values.help };
}

/** Whether a cluster was asked for. */
function isGiven({ cluster, level }: { readonly cluster: string; readonly level: string }): boolean {
  return cluster !== "auto" || level !== "auto";
}
