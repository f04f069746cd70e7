import { join } from "node:path";
import { containersSettings } from "./containers-image.ts";
import { runLayout } from "./layout.ts";
import { requireClient } from "./own-hosts.ts";
import { ourReason, tryClient } from "./trial.ts";

tryClient({
  name: "skopeo",
  found: requireClient("skopeo", "skopeo"),
  setUp: async (_site, home) => ({ env: await containersSettings(home) }),
  refused: /unauthorized|invalid username\/password/i,
  unfit: ourReason,
  afterwards: (folder) => runLayout(join(folder, "bench")),
});
