/** image-spec v1.1, media-types.md. */
export const ociIndex = "application/vnd.oci.image.index.v1+json";
export const ociManifest = "application/vnd.oci.image.manifest.v1+json";
export const ociConfig = "application/vnd.oci.image.config.v1+json";
/** Docker image manifest version 2, schema 2. */
export const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
export const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
const dockerConfig = "application/vnd.docker.container.image.v1+json";

/** `index` lists manifests, `manifest` is one image, `other` is neither and is passed over. */
export type DocumentKind = "index" | "manifest" | "other";

/** The value of an `Accept` header that takes everything MetaHub understands, indexes first. */
export const acceptManifests: readonly string[] = [ociIndex, dockerList, ociManifest, dockerManifest];

/** Parameters and letter case do not count (RFC 9110, section 8.3.1): `Application/JSON; charset=utf-8` is read too. */
export function documentKind(mediaType: string): DocumentKind {
  const semicolon = mediaType.indexOf(";");
  const essence = (semicolon === -1 ? mediaType : mediaType.slice(0, semicolon)).trim().toLowerCase();
  switch (essence) {
    case ociIndex:
    case dockerList:
      return "index";
    case ociManifest:
    case dockerManifest:
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
  return mediaType === ociConfig || mediaType === dockerConfig;
}
