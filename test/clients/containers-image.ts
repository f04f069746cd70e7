import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Below a home; skopeo looks for its policy nowhere else. */
const settings = ".config/containers";

/**
 * Settings of podman, buildah and skopeo that keep them out of this machine's own. `seen`: where the client sees its home.
 */
export async function containersSettings(home: string, seen = home): Promise<Readonly<Record<string, string>>> {
  await mkdir(join(home, settings), { recursive: true });
  const folder = join(seen, settings);
  const text = JSON.stringify; // a JSON string is a TOML basic string
  const files = {
    // Which signatures an image must have. Debian's file for the machine may be absent.
    "policy.json": text({ default: [{ type: "insecureAcceptAnything" }] }),
    "storage.conf": `[storage]
driver = "vfs"
runroot = ${text(join(seen, "containers-run"))}
graphroot = ${text(join(seen, "containers"))}
`,
    "containers.conf": `[containers]
# A machine without CAP_SYS_RESOURCE cannot give a container the limits that podman takes by default.
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
`,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(home, settings, name), content);
  return {
    CONTAINERS_CONF: join(folder, "containers.conf"),
    CONTAINERS_STORAGE_CONF: join(folder, "storage.conf"),
    REGISTRY_AUTH_FILE: join(seen, "auth.json"),
    XDG_RUNTIME_DIR: seen,
    TMPDIR: seen,
  };
}
