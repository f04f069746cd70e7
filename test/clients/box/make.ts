import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { defaultSources } from "../../cluster/binaries.ts";
import { mustRun } from "../../cluster/command.ts";
import { withLock } from "../../cluster/lock.ts";
import type { WriteLine } from "../../cluster/progress.ts";

/** Debian's names. From its newest suite, where those of its releases are years old or not there. */
const packages = [
  ...["apptainer", "ca-certificates", "charliecloud", "containerd", "crun", "podman", "runc", "skopeo"],
  ...["squashfs-tools", "squashfuse"],
];
const suite = "sid";
/** A slow mirror must still get there; half a minute is usual. */
const makeMs = 15 * 60_000;

/** The folder of the box in the cache: another list of packages is another box. */
export function boxFolder(): string {
  const key = createHash("sha256")
    .update(`${suite} ${packages.join(" ")}`)
    .digest("hex")
    .slice(0, 12);
  return join(defaultSources().cacheDir, `client-box-${key}`);
}

/** Whether the box was made. A root file system without this file is not whole. */
export function hasBox(): boolean {
  return existsSync(join(boxFolder(), "etc/debian_version"));
}

/**
 * Makes the box where it is not there: a root file system of its own (some 650 MB), by `mmdebstrap` from the mirror that
 * this machine's apt uses. Needs root. @returns its folder
 */
export async function makeBox(say: WriteLine): Promise<string> {
  const folder = boxFolder();
  const signal = AbortSignal.timeout(makeMs);
  await mkdir(defaultSources().cacheDir, { recursive: true });
  await withLock(`${folder}.lock`, { signal, timeoutMs: makeMs }, async () => {
    if (hasBox()) return;
    say(`making a box of registry clients in ${folder}`);
    const draft = `${folder}.${process.pid}`;
    try {
      const { stdout } = await mustRun("apt-get", ["indextargets", "--format", "$(REPO_URI)"], { signal });
      const mirror = stdout.split("\n").find((line) => /\/debian\/?$/.test(line));
      if (mirror === undefined) throw new Error("this machine's apt names no mirror of Debian");
      const args = [
        ...["--quiet", "--mode=root", "--variant=minbase", `--include=${packages.join(",")}`],
        // A mirror may be a snapshot whose signature is older than its term.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        ...[suite, draft, `deb ${mirror} ${suite} main`],
      ];
      await mustRun("mmdebstrap", args, { signal, timeoutMs: makeMs });
      await mustRun("chroot", [draft, "useradd", "--create-home", "hpc"], { signal });
      await rename(draft, folder);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
  return folder;
}
