import { join } from "node:path";
import { goClientSettings, requireGoClient } from "./go-client.ts";
import { runLayout } from "./layout.ts";
import { tryClient } from "./trial.ts";

tryClient({
  name: "oras",
  found: await requireGoClient("oras"),
  setUp: async (_site, home, { folder }) => ({ env: goClientSettings(home, folder) }),
  refused: /unauthorized|401/i,
  // It asks by HEAD, whose answer has no text.
  unfit: /not found/,
  afterwards: (folder) => runLayout(join(folder, "bench")),
});
