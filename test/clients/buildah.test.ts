import { join } from "node:path";
import { containersSettings } from "./containers-image.ts";
import { runLayout } from "./layout.ts";
import { requireClient } from "./own-hosts.ts";
import { ourReason, tryClient } from "./trial.ts";

tryClient({
  name: "buildah",
  found: requireClient("buildah", "buildah"),
  setUp: async (_site, home) => ({ env: await containersSettings(home) }),
  refused: /invalid username\/password/,
  unfit: ourReason,
  afterwards: (folder) => runLayout(join(folder, "bench")),
});
