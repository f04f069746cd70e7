import { ourReason, tryClient } from "../trial.ts";
import { boxSetting, requireBox } from "./box.ts";

tryClient({
  name: "Apptainer",
  found: requireBox(),
  setUp: (site, home, { box }) =>
    boxSetting({
      ...{ site, home, box, user: "hpc" },
      // For a machine on which it has no rights of its own: the flags --userns and --unsquash of `run`.
      env: { APPTAINER_USERNS: "1", APPTAINER_UNSQUASH: "1" },
    }),
  refused: /unauthorized|401/i,
  unfit: ourReason,
});
