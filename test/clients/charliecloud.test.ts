import { join } from "node:path";
import { requireClient } from "./own-hosts.ts";
import { tryClient } from "./trial.ts";

tryClient({
  name: "Charliecloud",
  found: requireClient("ch-image", "charliecloud", "python3-lark", "rsync"),
  setUp: async ({ caFile }, home) => ({
    env: {
      // The python3 that Debian's packages are for; another one may come first elsewhere.
      PATH: "/usr/bin:/bin",
      REQUESTS_CA_BUNDLE: caFile,
      // Its build cache is a Git repository.
      GIT_AUTHOR_NAME: "test",
      GIT_AUTHOR_EMAIL: "test@example.com",
      GIT_COMMITTER_NAME: "test",
      GIT_COMMITTER_EMAIL: "test@example.com",
      CH_IMAGE_STORAGE: join(home, "storage"),
    },
  }),
  refused: /unauthorized/,
  indexRefused: /manifest list: duplicate architecture: amd64/,
  unfit: /unauthorized or not in registry/,
});
