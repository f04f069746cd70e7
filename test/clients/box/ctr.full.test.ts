import { startContainerd } from "../containerd.ts";
import { tryClient } from "../trial.ts";
import { boxSetting, inBox, requireBox, work } from "./box.ts";

tryClient({
  name: "containerd: ctr",
  found: requireBox(),
  setUp: async (site, home, { box }) => {
    const command = (line: readonly string[]): readonly string[] => inBox(box, home, site, line);
    const env = await startContainerd({ site, home, seen: work, command });
    return await boxSetting({ site, home, box, env });
  },
  refused: /401 Unauthorized/,
  unfit: /not found/,
});
