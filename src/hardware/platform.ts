/** An OCI platform (image-spec, image-index.md). `os` and `architecture` are GOOS and GOARCH values. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  /** `os.version` of the specification; Windows only in practice. */
  readonly osVersion?: string;
}

/** `os/architecture[/variant]`, as `docker --platform` spells it. */
export function formatPlatform(platform: Platform): string {
  const base = `${platform.os}/${platform.architecture}`;
  return platform.variant === undefined ? base : `${base}/${platform.variant}`;
}
