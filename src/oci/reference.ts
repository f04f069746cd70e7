/** An image reference, read as Docker reads it (distribution/reference). */
export interface Reference {
  /** Host and optional port as it is asked over the network, e.g. `docker.io`, `registry.example.com:5000`. */
  readonly registry: string;
  /** Path in the registry, with `library/` where Docker adds it. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
  /** The name as it was written, without tag and digest: what a rewritten reference begins with. */
  readonly name: string;
}
