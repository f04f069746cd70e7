/** Parts of paths: the test files that start programs which few machines have, and so may stumble over their lack. */
export const bareFiles: readonly string[] = [
  "archspec.oracle", // Python and pip
  "test/cli/completion", // shells, kubectl
  "test/cli/rewrite", // kubectl
  "test/cli/proxy", // skopeo
  ...["buildah", "charliecloud", "ctr", "docker", "podman", "skopeo", "slurm"].map((name) => `test/clients/${name}`),
  "test/demo/proxy", // whichever client is there
  "test/console/", // chromium
  "test/cluster/",
  "test/integration/cluster", // levels api and nodes, a registry
  "test/integration/nodes-scenario",
  "test/integration/operator-on-nodes",
  "test/integration/proxy-pods-on-nodes",
  "test/integration/chart.", // helm
  ...["console-story", "console-pages", "console-browser"].map((name) => `test/integration/${name}`), // chromium, a registry
];

/** Signs in a test file that it starts such a program, or asks for nodes that do. */
export const startsPrograms =
  /^import .*from "[^"]*(?:cluster\/|console\/pages\/|\.\/)(?:programs|requirements|machine-nodes|machine-state|chromium)\.ts"|archspec\/package\.ts"|sharedCluster\("nodes"\)/m;
