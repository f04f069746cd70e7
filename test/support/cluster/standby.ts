import { join } from "node:path";
import { freePorts } from "../../cluster/ports.ts";
import { type ServerProcess, startServer } from "../../operator/server-process.ts";
import { operatorNamespace, type Stage, soon } from "./stage.ts";

/** A second controller with the account and the Lease of the first. */
export async function startStandby({ cluster }: Pick<Stage, "cluster">): Promise<ServerProcess> {
  const [healthPort = 0] = await freePorts(1);
  return startServer({
    run: { dir: cluster.dir, logs: cluster.logs },
    name: "metahub-controller-standby",
    healthPort,
    signal: soon(),
    args: [
      "controller",
      ...["--kubeconfig", join(cluster.dir, "operator", "controller.kubeconfig")],
      ...["--address", "127.0.0.1", "--health-port", String(healthPort)],
      ...["--lease", `${operatorNamespace}/metahub-controller`],
    ],
  });
}

/** How many writes a controller has done since it started. */
export const writesOf = (server: ServerProcess): Promise<number> =>
  server.metric("metahub_controller_writes_total", 'outcome="written"', soon());
