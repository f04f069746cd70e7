import { isDigest, parseDigest } from "../oci/digest.ts";
import { effectiveTag, parseReference, type Reference, withDigest } from "../oci/reference.ts";
import { UsageError } from "../process/failure.ts";

/** An image as a user may write it: a reference, or a layout on disk. */
export type ImageName =
  | { readonly kind: "reference"; readonly reference: Reference }
  | {
      readonly kind: "layout";
      readonly directory: string;
      readonly tag: string | undefined;
      readonly digest: string | undefined;
    };

const layout = "oci:";
/** Longer than any path or name; keeps messages short. */
const maxLength = 4096;

/**
 * Reads `qnib/bench`, `ghcr.io/a/b:v1`, `oci:DIR`, `oci:DIR:TAG`, `oci:DIR@sha256:…`. As with skopeo, the folder ends
 * at the first colon. @throws UsageError; OciError for what is no reference
 */
export function parseImageName(text: string): ImageName {
  if (!text.startsWith(layout)) return { kind: "reference", reference: parseReference(text) };
  const rest = text.slice(layout.length);
  if (rest.length > maxLength || rest.includes("\0")) throw new UsageError("oci: is followed by the path of a folder");
  const at = rest.lastIndexOf("@");
  const digest = at === -1 || !/^sha\d+:/.test(rest.slice(at + 1)) ? undefined : rest.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) parseDigest(digest);
  const named = digest === undefined ? rest : rest.slice(0, at);
  const colon = named.indexOf(":");
  const directory = colon === -1 ? named : named.slice(0, colon);
  const tag = colon === -1 ? undefined : named.slice(colon + 1);
  if (directory === "" || tag === "") {
    throw new UsageError(`${text.slice(0, 80)}: expected oci:DIR or oci:DIR:TAG, the folder of an OCI image layout`);
  }
  return { kind: "layout", directory, tag: digest === undefined ? tag : undefined, digest };
}

/** With the tag that is asked for where none is written: `qnib/bench:latest`. A layout as it was written. */
export function formatImageName(name: ImageName): string {
  if (name.kind === "reference") {
    const { reference } = name;
    return reference.digest === undefined
      ? `${reference.name}:${effectiveTag(reference)}`
      : withDigest(reference, reference.digest);
  }
  const { directory, tag, digest } = name;
  return `${layout}${directory}${digest !== undefined ? `@${digest}` : tag === undefined ? "" : `:${tag}`}`;
}

/** `repository@digest`, the repository as it was written. */
export function imageAt(name: ImageName, digest: string): string {
  return name.kind === "reference" ? withDigest(name.reference, digest) : `${layout}${name.directory}@${digest}`;
}
