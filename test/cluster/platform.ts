import { ClusterError } from "./error.ts";

/** An operating system and an architecture by the names that Go and the OCI specifications use. */
export interface Platform {
  readonly os: "darwin" | "linux";
  readonly arch: "amd64" | "arm64";
}

/** @throws ClusterError `UNSUPPORTED` on a machine that no cluster is built for. */
export function platformOf(os: string = process.platform, arch: string = process.arch): Platform {
  const goArch = arch === "x64" ? "amd64" : arch === "arm64" ? "arm64" : undefined;
  if ((os !== "linux" && os !== "darwin") || goArch === undefined)
    throw new ClusterError("UNSUPPORTED", `a local cluster needs Linux or macOS on amd64 or arm64, not ${os} ${arch}`);
  return { os, arch: goArch };
}
