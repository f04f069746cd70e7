import type { ManifestListKind } from "../../src/api/manifest-list.ts";

/**
 * ManifestLists that must be refused, by the API server and by the offline parser alike, with the field named and a right
 * value (or the limit) shown.
 */
interface BadManifestList {
  readonly name: string;
  /** The field that both messages name. */
  readonly field: string;
  /** A part of both messages. */
  readonly shows: string;
  /** Replaces fields of a right spec; `null` as a whole means: no spec at all. */
  readonly spec: Readonly<Record<string, unknown>> | null;
}

const build = "qnib/bench:cpu-skylake";
const repeat = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);
const entry = (more: Readonly<Record<string, unknown>>) => ({ manifests: [{ image: build, ...more }] });
const platform = (more: Readonly<Record<string, unknown>>) => entry({ platform: { architecture: "amd64", ...more } });

export const badManifestLists: readonly BadManifestList[] = [
  { name: "no spec", field: "spec", shows: "image: qnib/bench", spec: null },
  { name: "no image", field: "spec.image", shows: '"qnib/bench"', spec: { image: undefined } },
  {
    name: "an image by its digest",
    field: "spec.image",
    shows: '"qnib/bench:v1"',
    spec: { image: `a@sha256:${"0".repeat(64)}` },
  },
  { name: "an image in capitals", field: "spec.image", shows: '"qnib/bench"', spec: { image: "QNIB/Bench" } },
  {
    name: "an image with a scheme",
    field: "spec.image",
    shows: '"qnib/bench"',
    spec: { image: "https://ghcr.io/a/b" },
  },
  { name: "an image with a pattern", field: "spec.image", shows: '"qnib/bench"', spec: { image: "qnib/*" } },
  { name: "an image that is an id", field: "spec.image", shows: '"qnib/bench"', spec: { image: "a".repeat(64) } },
  {
    name: "an image of a host with an underscore",
    field: "spec.image",
    shows: '"qnib/bench"',
    spec: { image: "my_registry.example.com/bench" },
  },
  { name: "an image too long", field: "spec.image", shows: "255", spec: { image: "a".repeat(256) } },
  { name: "a tag with a slash", field: "spec.tags[0]", shows: '"v1"', spec: { tags: ["v/1"] } },
  { name: "a tag too long", field: "spec.tags[0]", shows: "128", spec: { tags: ["a".repeat(129)] } },
  { name: "too many tags", field: "spec.tags", shows: "at most 32 items", spec: { tags: repeat(33, "v1") } },
  { name: "no builds", field: "spec.manifests", shows: build, spec: { manifests: undefined } },
  { name: "builds that are none", field: "spec.manifests", shows: "qnib/bench:generic", spec: { manifests: [] } },
  { name: "builds as text", field: "spec.manifests", shows: "type array", spec: { manifests: build } },
  {
    name: "too many builds",
    field: "spec.manifests",
    shows: "at most 64 items",
    spec: { manifests: repeat(65, { image: build }) },
  },
  {
    name: "a build without its image",
    field: "spec.manifests[0].image",
    shows: build,
    spec: { manifests: [{ features: ["cpu:skylake"] }] },
  },
  {
    name: "a build with half a digest",
    field: "spec.manifests[0].image",
    shows: build,
    spec: entry({ image: "qnib/bench@sha256:0123" }),
  },
  {
    name: "a platform without its architecture",
    field: "spec.manifests[0].platform.architecture",
    shows: '"amd64"',
    spec: entry({ platform: { os: "linux" } }),
  },
  {
    name: "an architecture that is none",
    field: "spec.manifests[0].platform.architecture",
    shows: '"amd64"',
    spec: platform({ architecture: "x86" }),
  },
  {
    name: "an os that is none",
    field: "spec.manifests[0].platform.os",
    shows: '"linux"',
    spec: platform({ os: "Linux" }),
  },
  {
    name: "a variant with a blank",
    field: "spec.manifests[0].platform.variant",
    shows: "v8",
    spec: platform({ variant: "v 3" }),
  },
  {
    name: "a feature with a blank",
    field: "spec.manifests[0].features[0]",
    shows: "cpu:broadwell",
    spec: entry({ features: ["cpu: skylake"] }),
  },
  {
    name: "a feature in the platform with a comma",
    field: "spec.manifests[0].platform.features[0]",
    shows: "cpu:broadwell",
    spec: platform({ features: ["cpu:skylake,nvcap:8.0"] }),
  },
  {
    name: "too many features",
    field: "spec.manifests[0].features",
    shows: "at most 64 items",
    spec: entry({ features: repeat(65, "cpu:skylake") }),
  },
  {
    name: "a priority beyond bounds",
    field: "spec.manifests[0].priority",
    shows: "1000000",
    spec: entry({ priority: 1_000_001 }),
  },
  {
    name: "a priority as text",
    field: "spec.manifests[0].priority",
    shows: "type integer",
    spec: entry({ priority: "1" }),
  },
];

/** A right list, with fields of its spec replaced. */
export function listManifest(
  kind: ManifestListKind,
  replaced: Readonly<Record<string, unknown>> | null,
  name = "bad",
): unknown {
  const right = { image: "qnib/bench", manifests: [{ image: build, features: ["cpu:skylake"] }] };
  const metadata = { name, ...(kind === "ManifestList" ? { namespace: "default" } : {}) };
  const spec = replaced === null ? {} : { spec: { ...right, ...replaced } };
  return JSON.parse(JSON.stringify({ apiVersion: "metahub.dev/v1alpha1", kind, metadata, ...spec }));
}
