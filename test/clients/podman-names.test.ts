import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeCgroupAtEnd } from "./cgroup.ts";
import { containersSettings } from "./containers-image.ts";
import { requireClient } from "./own-hosts.ts";
import { blockBelow } from "./page.ts";
import { hubName } from "./site.ts";
import { ourReason, tryClient } from "./trial.ts";

const name = "podman: the names of docker.io";

tryClient({
  name,
  found: requireClient("podman", "podman", "runc"),
  setUp: async ({ run, host }, home) => {
    removeCgroupAtEnd(run, "libpod_parent");
    const registries = join(home, "registries.conf");
    await writeFile(registries, (await blockBelow(name, "toml")).replaceAll(hubName, host));
    return { env: { ...(await containersSettings(home)), CONTAINERS_REGISTRIES_CONF: registries } };
  },
  refused: /invalid username\/password/,
  unfit: ourReason,
});
