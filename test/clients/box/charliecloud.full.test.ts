import { tryClient } from "../trial.ts";
import { boxSetting, requireBox } from "./box.ts";

tryClient({
  name: "Charliecloud",
  found: requireBox(),
  setUp: (site, home, { box }) =>
    boxSetting({
      site,
      home,
      box,
      user: "hpc",
      env: { CH_IMAGE_STORAGE: "/work/storage", CH_IMAGE_CACHE: "disabled" },
    }),
  refused: /unauthorized/,
  indexRefused: /duplicate architecture/,
  unfit: /unauthorized or not in registry/,
});
