import { startContainerd } from "./containerd.ts";
import { requireClient } from "./own-hosts.ts";
import { tryClient } from "./trial.ts";

tryClient({
  name: "containerd: ctr",
  found: requireClient("containerd", "containerd", "runc"),
  setUp: async (site, home) => {
    const env = await startContainerd({ site, home, seen: home, command: (line) => line });
    // It works on every file system.
    return { env: { ...env, CONTAINERD_SNAPSHOTTER: "native" } };
  },
  refused: /401 Unauthorized/,
  // It asks by HEAD, whose answer has no text.
  unfit: /not found/,
});
