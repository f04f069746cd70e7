import { join } from "node:path";
import { adminPath } from "./admin-env.ts";
import { MissingRequirement } from "./error.ts";
import { installCommand } from "./install-command.ts";
import { findProgram, isExecutable } from "./programs.ts";

/** What level `nodes` of the local provider uses of the machine. */
export interface NodeMachine {
  readonly containerd: string;
  /** The folder with the CNI plugins. */
  readonly cni: string;
}

const defaultCniFolders = ["/usr/lib/cni", "/opt/cni/bin"];

interface Machine {
  readonly os: string;
  readonly uid: number | undefined;
  readonly path: string;
  readonly cniFolders: readonly string[];
  /** Text of os-release(5). Default: this system's. */
  readonly osRelease?: string;
}

function thisMachine(): Machine {
  return {
    os: process.platform,
    uid: process.getuid?.(),
    path: adminPath(),
    cniFolders: defaultCniFolders,
  };
}

/**
 * What kubelets and containers need of this machine.
 *
 * @throws MissingRequirement that names all that is missing, and how to get it.
 */
export function requireNodes(machine: Machine = thisMachine()): NodeMachine {
  if (machine.os !== "linux")
    throw new MissingRequirement("Linux, for kubelets on this machine", "use kind (with Docker), or a Linux machine");
  if (machine.uid !== 0) throw new MissingRequirement("root, for kubelets and containers", "run it again with sudo -E");
  const find = (program: string): string | undefined => findProgram(program, machine.path);
  const cni = machine.cniFolders.find((folder) =>
    ["bridge", "host-local", "loopback"].every((plugin) => isExecutable(join(folder, plugin))),
  );
  const containerd = find("containerd");
  const packages: [string, string, boolean][] = [
    ["containerd", "containerd", containerd !== undefined && find("containerd-shim-runc-v2") !== undefined],
    ["runc", "runc", find("runc") !== undefined],
    ["CNI plugins", "containernetworking-plugins", cni !== undefined],
    ["ip", "iproute2", find("ip") !== undefined],
    ["nft", "nftables", find("nft") !== undefined],
    ["mount", "mount", find("mount") !== undefined && find("umount") !== undefined],
  ];
  const missing = packages.filter(([, , there]) => !there);
  if (missing.length > 0 || containerd === undefined || cni === undefined) {
    const names = missing.map(([, name]) => name);
    const remedy = installCommand(names, machine.osRelease);
    throw new MissingRequirement(missing.map(([what]) => what).join(", "), remedy, { packages: names });
  }
  return { containerd, cni };
}
