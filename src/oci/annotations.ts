/** The features that a build requires, separated by commas. */
export const featuresAnnotation = "dev.metahub.features";
/** An integer by which a publisher prefers one build among equals; the higher wins, 0 by default. */
export const priorityAnnotation = "dev.metahub.priority";

/** BuildKit's mark on provenance and SBOM manifests, beside the platform unknown/unknown. */
export const buildkitReferenceType = "vnd.docker.reference.type";

/** containers/storage: this entry's layers are compressed with zstd. */
export const zstd = "io.github.containers.compression.zstd";
/** SOCI v2: on a manifest that has a SOCI index, and, on the index's own entry, the image that it belongs to. */
export const sociIndex = "com.amazon.soci.index-digest";
export const sociImageAnnotation = "com.amazon.soci.image-manifest-digest";
/** stargz-snapshotter writes its table of contents under this prefix. */
export const estargzPrefix = "containerd.io/snapshot/stargz/";

/** CPU target of the archspec project; its value may also be a plain GOARCH name. */
export const archspecTarget = "io.archspec.cpu.target";
/** Prefix of the annotations that the HPC container community wrote before MetaHub. */
export const supercontainersPrefix = "org.supercontainers.";
