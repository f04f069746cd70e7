import { startDocker } from "./docker.ts";
import { requireClient } from "./own-hosts.ts";
import { ourReason, tryClient } from "./trial.ts";

tryClient({
  name: "docker",
  found: requireClient("dockerd", "docker.io"),
  setUp: async (site, home, { path }) => ({ env: { DOCKER_CONFIG: home, DOCKER_HOST: await startDocker(site, path) } }),
  refused: /unauthorized/,
  unfit: ourReason,
});
