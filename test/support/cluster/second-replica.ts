import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { kubectl } from "../../cluster/kubectl.ts";
import { freePorts } from "../../cluster/ports.ts";
import { readProcessRecords } from "../../cluster/run-record.ts";
import { type ServerProcess, startServer } from "../../operator/server-process.ts";
import type { BindingSite } from "./binding-site.ts";
import { soon } from "./stage.ts";

export interface Replicas {
  readonly second: ServerProcess;
  /** How many connections each of the two was given. */
  readonly connections: readonly [number, number];
  close(): Promise<void>;
}

/** A second webhook beside the first, and a Service in front of both: connections go to them by turns. */
export async function startSecondReplica({ cluster, operator }: BindingSite): Promise<Replicas> {
  const first = readProcessRecords(cluster.dir).find(({ name }) => name === "metahub-webhook");
  if (first === undefined) throw new Error(`${cluster.dir} does not say how its webhook was started`);
  const [port = 0, healthPort = 0] = await freePorts(2);
  const args = first.args.slice(1);
  const portAt = args.indexOf("--port") + 1;
  const firstPort = Number(args[portAt]);
  args[portAt] = String(port);
  args[args.indexOf("--health-port") + 1] = String(healthPort);
  const run = { dir: cluster.dir, logs: cluster.logs };
  const second = await startServer({ run, name: "metahub-webhook-second", args, healthPort, signal: soon() });

  const connections: [number, number] = [0, 0];
  const open = new Set<Socket>();
  const service = createServer((incoming) => {
    const turn = connections[0] > connections[1] ? 1 : 0;
    connections[turn]++;
    const outgoing = connect(turn === 0 ? firstPort : port, "127.0.0.1");
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(socket);
      socket.on("error", () => other.destroy());
      socket.once("close", () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  const address = service.address();
  const url = `https://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const point = (to: string): Promise<string> => {
    const patch = [
      { op: "replace", path: "/webhooks/0/clientConfig/url", value: `${to}/${operator.segment}/validate/bindings` },
    ];
    const args = [
      "patch",
      "validatingwebhookconfiguration",
      "metahub-webhook",
      "--type=json",
      "-p",
      JSON.stringify(patch),
    ];
    return kubectl(cluster, args);
  };
  await point(url);
  return {
    second,
    connections,
    close: async () => {
      await point(`https://127.0.0.1:${firstPort}`);
      for (const socket of open) socket.destroy();
      const closed = once(service, "close");
      service.close();
      await closed;
      await second.stop();
    },
  };
}
