import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";
import { ClusterError, systemCode } from "./error.ts";
import { claimPort } from "./port-claims.ts";

/**
 * Below Linux's ephemeral ports (32768 and up, net.ipv4.ip_local_port_range) and Kubernetes' node ports (30000 to 32767).
 * A server that is restarted must get its port again, and nobody's outgoing connection may have taken it meanwhile.
 */
const first = 20_000;
const last = 29_999;
const attempts = 200;

/** As many TCP ports as asked that nobody on this machine listens at, or was given by this in another process that lives. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held: Server[] = [];
  try {
    const ports: number[] = [];
    for (let attempt = 0; attempt < attempts && ports.length < count; attempt++) {
      const port = randomInt(first, last + 1);
      const server = await listen(port);
      if (server === undefined) continue;
      held.push(server);
      if (!claimPort(port)) continue;
      ports.push(port);
    }
    if (ports.length < count)
      throw new ClusterError("START", `found no ${count} free TCP ports between ${first} and ${last} on this machine`);
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Whether nobody on this machine listens at a TCP port. */
export async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** On all addresses, so that a port taken on any of them is refused. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      if (systemCode(error) === "EADDRINUSE" || systemCode(error) === "EACCES") resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host: "0.0.0.0" }, () => resolve(server));
  });
}
