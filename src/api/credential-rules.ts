import type { Rule } from "./rules.ts";

/**
 * The rules that a MachineCredential must follow: the parser applies them, and the CRD is generated from them, as with
 * those of a MachineType (rules.ts).
 */

/** As `metadata.name` of a MachineType. */
export const machineTypeNameRule: Rule = {
  pattern: "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
  message: 'must be the name of a MachineType, for example "type1"',
};

/**
 * Visible ASCII without the colon, which ends a user name in Basic authentication (RFC 7617, section 2), and without the
 * plus, behind which a client may say what its machine offers.
 */
export const usernameRule: Rule = {
  pattern: "^[!-*,-9;-~]+$",
  message: 'must be visible ASCII characters without ":" and "+", for example "qnib-type1"',
};

export const secretHashRule: Rule = {
  pattern: "^sha256:[0-9a-f]{64}$",
  message:
    'must be "sha256:" and the 64 hexadecimal digits of the secret\'s digest, as metahub credentials create writes it',
};

/** A repository of the distribution specification, or all below a path of it. */
export const repositoryPatternRule: Rule = {
  pattern: "^([*]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*(/[*])?)$",
  message: 'must be a repository, for example "qnib/bench", or all below a path, for example "qnib/*"',
};

/** RFC 3339 in UTC, to the second. That a year has no 29 February is seen by reading it. */
export const timeRule: Rule = {
  pattern:
    "^[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$",
  message: 'must be a time in UTC, for example "2027-06-01T00:00:00Z"',
};

export const requiredCredentialFields = {
  spec: 'is needed, for example {machineType: type1, secretHash: "sha256:…"}; metahub credentials create writes one',
  view: "must say exactly one of machineType and unfiltered, for example {machineType: type1} or {unfiltered: true}",
  secretHash: 'is needed: the digest of the secret, for example "sha256:…", as metahub credentials create writes it',
} as const;

/** Sizes. `Items` of lists, `Length` of strings (characters). */
export const credentialLimits = {
  machineTypeLength: 63,
  usernameLength: 256,
  secretHashLength: 71,
  repositoryItems: 64,
  /** The most that clients can name (distribution/reference, NameTotalLengthMax). */
  repositoryLength: 255,
  timeLength: 20,
} as const;
