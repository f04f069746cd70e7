import { join } from "node:path";
import { containersSettings } from "../containers-image.ts";
import { runLayout } from "../layout.ts";
import { ourReason, tryClient } from "../trial.ts";
import { boxSetting, requireBox, work } from "./box.ts";

tryClient({
  name: "skopeo",
  found: requireBox(),
  setUp: async (site, home, { box }) => {
    const env = await containersSettings(home, work);
    return await boxSetting({ site, home, box, env });
  },
  refused: /unauthorized|invalid username\/password/i,
  unfit: ourReason,
  afterwards: (folder) => runLayout(join(folder, "bench")),
});
