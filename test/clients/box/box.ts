import { chown, copyFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { runCommand } from "../../cluster/command.ts";
import { type Lack, lack } from "../../cluster/lack.ts";
import { requireClient } from "../own-hosts.ts";
import type { Site } from "../site.ts";
import type { ScriptOptions, Setting } from "../trial.ts";
import { boxFolder, hasBox } from "./make.ts";

/** The box of current clients, for tests. It is made by `npm run test:full`, or by `node scripts/client-box.ts`. */
export function requireBox(): { readonly box: string } | Lack {
  const root = requireClient("unshare", "util-linux");
  if ("skip" in root) return root;
  if (hasBox()) return { box: boxFolder() };
  return lack("there is no box of current clients; node scripts/client-box.ts makes it", ["mmdebstrap"]);
}

/** The folder of the test, as the box sees it. */
export const work = "/work";
/** The ordinary user in the box (useradd's first). */
const hpc = 1_000;

/**
 * The root is a mount, and the old one is gone, because Apptainer refuses to start containers in a plain chroot. Its
 * parameters: box, the test's folder, the hosts file; then the command.
 */
const enter = `
cd "$1"; mount --rbind . .; cd "$1"
mount --rbind /proc proc; mount --rbind /sys sys; mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmp tmp
# A daemon and its client meet in there.
mkdir -p "$2/run"; mount --bind "$2/run" run
mkdir -p .old .${work}; mount --bind "$2" .${work}; mount --bind "$3" etc/hosts
pivot_root . .old; umount -l /.old
cd ${work}; shift 3; exec "$@"`;

/** The command that runs another one in the box. */
export function inBox(box: string, home: string, { hostsFile }: Site, command: readonly string[]): readonly string[] {
  const unshared = ["unshare", "--mount", "--propagation", "private", "sh", "-eu", "-c", enter, "sh"];
  return [...unshared, box, home, hostsFile, ...command];
}

export interface BoxOptions {
  readonly site: Site;
  readonly home: string;
  readonly box: string;
  /** Default: root. */
  readonly user?: "hpc";
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a client's commands in the box. */
export async function boxSetting({ site, home, box, user, env = {} }: BoxOptions): Promise<Setting> {
  await copyFile(site.caFile, join(home, "ca.crt"));
  if (user !== undefined) await chown(home, hpc, hpc);
  const run = async (script: string, options: ScriptOptions) => {
    if (user !== undefined) await chown(options.cwd, hpc, hpc);
    const { SECRET } = options.env;
    const own = { HOME: work, SSL_CERT_FILE: `${work}/ca.crt`, REQUESTS_CA_BUNDLE: `${work}/ca.crt`, SECRET, ...env };
    const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const as = user === undefined ? [] : ["setpriv", `--reuid=${hpc}`, `--regid=${hpc}`, "--clear-groups"];
    const inside = [...as, "sh", "-eu", "-c", `cd ${basename(options.cwd)}; ${script}`];
    const [command = "", ...args] = inBox(box, home, site, inside);
    const everything = { PATH: path, USER: user ?? "root", ...own };
    return await runCommand(command, args, { ...options, cwd: "/", env: everything });
  };
  return { env: {}, run };
}
