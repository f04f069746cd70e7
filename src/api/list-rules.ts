import type { Rule } from "./rules.ts";

/**
 * The rules that a ManifestList and a ClusterManifestList must follow: the parser applies them, and the CRDs are
 * generated from them, as with those of a MachineType (rules.ts).
 */

// The grammar of distribution/reference, without IPv6 hosts.
const host = "[a-zA-Z0-9]+(-+[a-zA-Z0-9]+)*([.][a-zA-Z0-9]+(-+[a-zA-Z0-9]+)*)*(:[0-9]+)?";
const component = "[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*";
const repository = `(${host}/)?${component}(/${component})*`;
const tag = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";

/** Without a digest: who names one wants those bytes, and no list replaces them. */
export const spokenForRule: Rule = {
  pattern: `^${repository}(:${tag})?$`,
  message: 'must be a repository, with a tag where only that is meant, for example "qnib/bench" or "qnib/bench:v1"',
};

export const listedImageRule: Rule = {
  pattern: `^${repository}(:${tag})?(@sha256:[0-9a-f]{64}|@sha512:[0-9a-f]{128})?$`,
  message: 'must be the reference of a build, with its tag or digest, for example "qnib/bench:cpu-skylake"',
};

/** Matches what the rules above take and Docker refuses: the id of an image, and a host with an underscore. RE2 has no lookahead. */
export const noImagePattern = "^([a-f0-9]{64}|[^/]*([.][^/]*_|_[^/]*[.])[^/]*/.*)$";

export const tagRule: Rule = {
  pattern: `^${tag}$`,
  message: 'must be a tag, for example "v1"',
};

export const requiredListFields = {
  spec: "is needed, for example {image: qnib/bench, manifests: [{image: qnib/bench:cpu-skylake, features: [cpu:skylake]}]}",
  image: 'is needed: the name that Pods ask for, for example "qnib/bench"',
  manifests:
    "is needed: the builds, for example [{image: qnib/bench:cpu-skylake, platform: {architecture: amd64}, features: [cpu:skylake]}]",
  noManifests:
    "must not be empty: without a build nobody could run the image, for example [{image: qnib/bench:generic}]",
  listedImage: 'is needed: the reference of a build, for example "qnib/bench:cpu-skylake"',
  architecture: 'is needed in a platform, for example "amd64"',
} as const;

/** Sizes. `Items` of lists, `Length` of strings (characters). */
export const listLimits = {
  namespaceLength: 63,
  /** A repository has at most 255 (distribution/reference, NameTotalLengthMax), and tags in use are short. */
  imageLength: 255,
  tagLength: 128,
  tagItems: 32,
  /** Each may cost a request at an admission. Images in use have a tag for some ten generations of GPUs. */
  manifestItems: 64,
  statusEntryItems: 64,
  statusRequiresItems: 128,
  statusTextLength: 1024,
} as const;
