import { removeCgroupAtEnd } from "./cgroup.ts";
import { containersSettings } from "./containers-image.ts";
import { requireClient } from "./own-hosts.ts";
import { ourReason, tryClient } from "./trial.ts";

tryClient({
  name: "podman",
  found: requireClient("podman", "podman", "runc"),
  setUp: async ({ run }, home) => {
    // podman's own name for it, whoever runs it.
    removeCgroupAtEnd(run, "libpod_parent");
    return { env: await containersSettings(home) };
  },
  refused: /invalid username\/password/,
  unfit: ourReason,
});
