/** image-spec v1.1, media-types.md. */
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
/** Docker image manifest version 2, schema 2. */
export const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";

/** `index` lists manifests, `manifest` is one image, `other` is neither and is passed over. */
export type DocumentKind = "index" | "manifest" | "other";

/** The value of an `Accept` header that takes everything MetaHub understands, indexes first. */
export const ACCEPT_MANIFESTS: readonly string[] = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST];

/** Parameters and letter case do not count (RFC 9110, section 8.3.1): `Application/JSON; charset=utf-8` is read too. */
export function documentKind(mediaType: string): DocumentKind {
  const semicolon = mediaType.indexOf(";");
  const essence = (semicolon === -1 ? mediaType : mediaType.slice(0, semicolon)).trim().toLowerCase();
  switch (essence) {
    case OCI_INDEX:
    case DOCKER_LIST:
      return "index";
    case OCI_MANIFEST:
    case DOCKER_MANIFEST:
      return "manifest";
    default:
      return "other";
  }
}

/**
 * True for what an image manifest's configuration is. Clients copy a manifest's config media type into a descriptor's
 * `artifactType` (distribution-spec v1.1, listing referrers), so there it means an image and not an artifact.
 */
export function isImageConfig(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}
