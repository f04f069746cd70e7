import { containersSettings } from "../containers-image.ts";
import { ourReason, tryClient } from "../trial.ts";
import { boxSetting, requireBox, work } from "./box.ts";

tryClient({
  name: "podman",
  found: requireBox(),
  setUp: async (site, home, { box }) => {
    const env = await containersSettings(home, work);
    return await boxSetting({ site, home, box, env });
  },
  refused: /invalid username\/password/,
  unfit: ourReason,
});
