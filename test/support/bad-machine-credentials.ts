/**
 * MachineCredentials that must be refused, by the API server and by the offline parser alike, with the field named and a
 * right value (or the limit) shown.
 */
interface BadMachineCredential {
  readonly name: string;
  /** The field that both messages name. */
  readonly field: string;
  /** A part of both messages. */
  readonly shows: string;
  /** Replaces fields of a right spec; `null` as a whole means: no spec at all. */
  readonly spec: Readonly<Record<string, unknown>> | null;
}

export const rightHash = `sha256:${"0123456789abcdef".repeat(4)}`;
const expires = (time: unknown) => ({ expires: time });

export const badMachineCredentials: readonly BadMachineCredential[] = [
  { name: "no spec", field: "spec", shows: "machineType", spec: null },
  {
    name: "neither a machine type nor unfiltered",
    field: "spec",
    shows: "{machineType: type1}",
    spec: { machineType: undefined },
  },
  {
    name: "a machine type and unfiltered",
    field: "spec",
    shows: "{unfiltered: true}",
    spec: { unfiltered: true },
  },
  {
    name: "unfiltered that is false, and no machine type",
    field: "spec",
    shows: "{unfiltered: true}",
    spec: { machineType: undefined, unfiltered: false },
  },
  { name: "unfiltered as text", field: "spec.unfiltered", shows: "type boolean", spec: { unfiltered: "yes" } },
  {
    name: "a machine type with a capital",
    field: "spec.machineType",
    shows: '"type1"',
    spec: { machineType: "Type1" },
  },
  {
    name: "a machine type longer than a name may be",
    field: "spec.machineType",
    shows: "63",
    spec: { machineType: "a".repeat(64) },
  },
  { name: "a user name with a colon", field: "spec.username", shows: '"qnib-type1"', spec: { username: "a:b" } },
  {
    name: "a user name with a plus, behind which hints stand",
    field: "spec.username",
    shows: '"qnib-type1"',
    spec: { username: "a+cpu=zen2" },
  },
  { name: "a user name with a newline", field: "spec.username", shows: '"qnib-type1"', spec: { username: "a\nb" } },
  { name: "a user name with a blank", field: "spec.username", shows: '"qnib-type1"', spec: { username: "a b" } },
  { name: "a user name beyond ASCII", field: "spec.username", shows: '"qnib-type1"', spec: { username: "tüp" } },
  { name: "an empty user name", field: "spec.username", shows: '"qnib-type1"', spec: { username: "" } },
  { name: "a user name too long", field: "spec.username", shows: "256", spec: { username: "a".repeat(257) } },
  { name: "no hash", field: "spec.secretHash", shows: "metahub credentials create", spec: { secretHash: undefined } },
  {
    name: "a secret where its hash belongs",
    field: "spec.secretHash",
    shows: "metahub credentials create",
    spec: { secretHash: `mh_${"A".repeat(43)}` },
  },
  {
    name: "a hash in capitals",
    field: "spec.secretHash",
    shows: "metahub credentials create",
    spec: { secretHash: rightHash.toUpperCase().replace("SHA", "sha") },
  },
  {
    name: "a hash that is too short",
    field: "spec.secretHash",
    shows: "metahub credentials create",
    spec: { secretHash: rightHash.slice(0, -1) },
  },
  { name: "a hash that is too long", field: "spec.secretHash", shows: "71", spec: { secretHash: `${rightHash}0` } },
  {
    name: "a star inside of a repository",
    field: "spec.repositories[1]",
    shows: '"qnib/*"',
    spec: { repositories: ["qnib/bench", "qnib/*/x"] },
  },
  {
    name: "a star that is a part of a name",
    field: "spec.repositories[0]",
    shows: '"qnib/*"',
    spec: { repositories: ["qnib/b*"] },
  },
  {
    name: "a repository with its tag",
    field: "spec.repositories[0]",
    shows: '"qnib/*"',
    spec: { repositories: ["qnib/bench:latest"] },
  },
  {
    name: "a path that leads upwards",
    field: "spec.repositories[0]",
    shows: '"qnib/*"',
    spec: { repositories: ["qnib/../secret"] },
  },
  {
    name: "a repository too long",
    field: "spec.repositories[0]",
    shows: "255",
    spec: { repositories: ["a".repeat(256)] },
  },
  {
    name: "too many repositories",
    field: "spec.repositories",
    shows: "at most 64 items",
    spec: { repositories: Array.from({ length: 65 }, (_, index) => `a/${index}`) },
  },
  { name: "repositories as text", field: "spec.repositories", shows: "type array", spec: { repositories: "qnib/*" } },
  { name: "a date without its time", field: "spec.expires", shows: '"2027-06', spec: expires("2027-06-01") },
  {
    name: "a time with another zone",
    field: "spec.expires",
    shows: "20 bytes",
    spec: expires("2027-06-01T00:00:00+02:00"),
  },
  {
    name: "a thirty-first of June",
    field: "spec.expires",
    shows: '"2027-06-01T00:00:00Z"',
    spec: expires("2027-06-31T00:00:00Z"),
  },
  {
    name: "a minute that there is not",
    field: "spec.expires",
    shows: '"2027-06-01T00:00:00Z"',
    spec: expires("2027-06-01T00:60:00Z"),
  },
  { name: "a 29 February of 2027", field: "spec.expires", shows: "2027-", spec: expires("2027-02-29T00:00:00Z") },
  {
    name: "a revocation that is only yes",
    field: "spec.revoked",
    shows: '"2027-06-01T00:00:00Z"',
    spec: { revoked: "yes" },
  },
];

/** A right MachineCredential with the mistake in it, as it would stand in a manifest. */
export function credentialManifest(spec: Readonly<Record<string, unknown>> | null, name = "bad"): unknown {
  const right = { machineType: "type1", secretHash: rightHash };
  return JSON.parse(
    JSON.stringify({
      apiVersion: "metahub.dev/v1alpha1",
      kind: "MachineCredential",
      metadata: { name },
      ...(spec === null ? {} : { spec: { ...right, ...spec } }),
    }),
  );
}
