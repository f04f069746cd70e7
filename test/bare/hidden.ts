/** Programs that a bare machine has not. */
export const hiddenPrograms: ReadonlySet<string> = new Set([
  ...["containerd", "containerd-shim-runc-v2", "ctr", "runc", "ip", "nft"], // level nodes
  ...["docker", "kind"], // another provider of clusters
  ...["helm", "kubectl"], // the cache has those that tests use
  ...["fish", "zsh"],
  ...["chromium", "chromium-browser", "google-chrome"], // the console's pages
  ...["buildah", "ch-image", "dockerd", "podman", "skopeo"], // clients of registries
]);

/** Debian's names of the packages whose lack must be told at the end, as an ordinary user and as root. */
export const missedByUsers: readonly string[] = ["chromium", "fish", "skopeo", "zsh"];
export const missedByRoot: readonly string[] = [
  ...[
    "buildah",
    "charliecloud",
    "chromium",
    "containerd",
    "docker.io",
    "fish",
    "iproute2",
    "nftables",
    "podman",
    "runc",
    "skopeo",
  ],
  "zsh",
];
