import type { Platform } from "./platform.ts";

/**
 * A program that a test cluster runs, one that answers as other projects' code does (`choosing…`, `matching`), or a client
 * of registries (`crane`, `oras`, `regctl`).
 */
export type BinaryName =
  | "choosing"
  | "choosing-containerd-1"
  | "choosing-docker"
  | "choosing-docker-29"
  | "conformance"
  | "crane"
  | "etcd"
  | "helm"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-proxy"
  | "kube-scheduler"
  | "kubectl"
  | "kubelet"
  | "matching"
  | "oras"
  | "pause"
  | "printer"
  | "registry"
  | "regctl";

export type ReleaseName = "etcd" | "helm" | "kubernetes" | "registry";

/** Where each project publishes its releases; a test hands others. */
export type ReleaseBases = Readonly<Record<ReleaseName, string>>;

/** The folders below binaries/ pin the same versions in go.mod; releases.test.ts holds them equal. */
export const releaseVersions: Readonly<Record<ReleaseName, string>> = {
  etcd: "v3.7.3",
  helm: "v3.22.0",
  kubernetes: "v1.37.2",
  registry: "v3.1.2",
};

/** The distribution specification's own tests: their module has no releases, so that a commit stands for one. */
export const conformanceVersion = "v0.0.0-20260831232431-97274622c111";

export const officialReleases: ReleaseBases = {
  etcd: "https://github.com/etcd-io/etcd/releases/download",
  helm: "https://get.helm.sh",
  kubernetes: "https://dl.k8s.io/release",
  registry: "https://github.com/distribution/distribution/releases/download",
};

/** How a published file is fetched and checked. */
export interface Download {
  readonly release: ReleaseName;
  readonly url: string;
  /** A file with the SHA-256: the bare digest, or lines of digest and file name as `sha256sum` writes them. */
  readonly checksumUrl: string;
  /** The path of the program in a `.tar.gz`; absent where the file is the program. */
  readonly member?: string;
}

/** How Go builds a program from the modules in binaries/. */
export interface Build {
  /** Folder below binaries/ that holds the go.mod; `.` for the first. */
  readonly module: string;
  readonly package: string;
  /** `-X` settings of the linker, e.g. the version that the program says it is. */
  readonly define?: string;
  /** Another go.mod of the folder, for other versions of what the program is made of. */
  readonly modfile?: string;
}

export interface Recipe {
  /** Folder in the cache, which names version and platform. */
  readonly folder: string;
  readonly build: Build;
  /** Absent for our own programs and where the project publishes none for this platform. */
  readonly download?: Download;
}

/** Clients of registries: binaries/clients/go.mod has their versions. */
const clientBuilds: Readonly<Record<"crane" | "oras" | "regctl", Build>> = {
  crane: { module: "clients", package: "github.com/google/go-containerregistry/cmd/crane" },
  oras: { module: "clients", package: "oras.land/oras/cmd/oras" },
  regctl: { module: "clients", package: "github.com/regclient/regclient/cmd/regctl" },
};

/**
 * How to get a program for a platform. `ownSources` is a digest of the sources of our own programs, or of the go.mod that
 * names the versions of others.
 */
export function recipeFor(name: BinaryName, platform: Platform, bases: ReleaseBases, ownSources: string): Recipe {
  const { os, arch } = platform;
  const folder = (release: ReleaseName): string => `${release}-${releaseVersions[release]}-${os}-${arch}`;
  switch (name) {
    case "etcd": {
      const stem = `etcd-${releaseVersions.etcd}-${os}-${arch}`;
      const base = `${bases.etcd}/${releaseVersions.etcd}`;
      return {
        folder: folder("etcd"),
        build: { module: ".", package: "./etcd" },
        // Other systems get a .zip.
        ...(os === "linux" && {
          download: {
            release: "etcd",
            url: `${base}/${stem}.tar.gz`,
            checksumUrl: `${base}/SHA256SUMS`,
            member: `${stem}/etcd`,
          },
        }),
      };
    }
    case "helm": {
      const url = `${bases.helm}/helm-${releaseVersions.helm}-${os}-${arch}.tar.gz`;
      return {
        folder: folder("helm"),
        build: {
          module: "helm",
          package: "helm.sh/helm/v3/cmd/helm",
          define: `helm.sh/helm/v3/internal/version.version=${releaseVersions.helm}`,
        },
        download: { release: "helm", url, checksumUrl: `${url}.sha256sum`, member: `${os}-${arch}/helm` },
      };
    }
    case "registry": {
      const file = `registry_${releaseVersions.registry.slice(1)}_${os}_${arch}.tar.gz`;
      const url = `${bases.registry}/${releaseVersions.registry}/${file}`;
      return {
        folder: folder("registry"),
        build: { module: "registry", package: "github.com/distribution/distribution/v3/cmd/registry" },
        download: { release: "registry", url, checksumUrl: `${url}.sha256`, member: "registry" },
      };
    }
    case "conformance":
      return {
        folder: `conformance-${conformanceVersion}-${os}-${arch}`,
        build: { module: "conformance", package: "github.com/opencontainers/distribution-spec/conformance" },
      };
    case "pause":
    case "printer":
      return {
        folder: `images-${ownSources.slice(0, 12)}-linux-${arch}`,
        build: { module: ".", package: `./${name}` },
      };
    case "choosing":
    case "choosing-containerd-1":
    case "choosing-docker":
    case "choosing-docker-29":
    case "matching":
      return {
        folder: `oracles-${ownSources.slice(0, 12)}-${os}-${arch}`,
        build: buildOfOracle(name),
      };
    case "crane":
    case "oras":
    case "regctl":
      return { folder: `clients-${ownSources.slice(0, 12)}-${os}-${arch}`, build: clientBuilds[name] };
    default: {
      const url = `${bases.kubernetes}/${releaseVersions.kubernetes}/bin/${os}/${arch}/${name}`;
      return {
        folder: folder("kubernetes"),
        build: {
          module: ".",
          package: `k8s.io/kubernetes/cmd/${name}`,
          define: `k8s.io/component-base/version.gitVersion=${releaseVersions.kubernetes}`,
        },
        // Servers are published for Linux only, the client for all.
        ...((os === "linux" || name === "kubectl") && {
          download: { release: "kubernetes", url, checksumUrl: `${url}.sha256` },
        }),
      };
    }
  }
}

function buildOfOracle(name: "matching" | `choosing${string}`): Build {
  if (name === "matching") return { module: ".", package: "./matching" };
  if (name !== "choosing-docker-29") return { module: name, package: "." };
  return { module: "choosing-docker", package: ".", modfile: "docker-29.mod" };
}
