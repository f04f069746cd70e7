import { join } from "node:path";
import { goClientSettings, requireGoClient } from "./go-client.ts";
import { runLayout } from "./layout.ts";
import { ourReason, tryClient } from "./trial.ts";

tryClient({
  name: "regctl",
  found: await requireGoClient("regctl"),
  setUp: async (_site, home, { folder }) => ({ env: goClientSettings(home, folder) }),
  refused: /unauthorized|401/i,
  unfit: ourReason,
  afterwards: (folder) => runLayout(join(folder, "bench")),
});
