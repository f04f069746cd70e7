import { isRecord } from "../json/object.ts";
import * as rules from "./credential-rules.ts";
import { credentialLimits as limits, requiredCredentialFields as requiredFields } from "./credential-rules.ts";
import { ApiError } from "./error.ts";
import type { Field } from "./field.ts";
import type { MachineCredential, MachineCredentialSpec, MachineCredentialStatus } from "./machine-credential.ts";
import { type Known, openObject, type ParseOptions, readMetadata, required } from "./parse-object.ts";

/**
 * Reads a MachineCredential from parsed JSON or YAML and holds it to the rules that the CRD states. Nothing is cast: the
 * result has only known fields.
 * @throws ApiError that names the field and shows a right value
 */
export function parseMachineCredential(value: unknown, options: ParseOptions = {}): MachineCredential {
  const { object, fields, known } = openObject(value, "MachineCredential", options);
  const metadata = parseMetadata(fields.get("metadata"));
  const spec = fields.get("spec");
  if (spec === undefined) throw new ApiError("MISSING", "spec", requiredFields.spec);
  const status = parseStatus(fields.get("status")?.value);
  return { ...object, metadata, spec: parseSpec(spec, known), ...(status === undefined ? {} : { status }) };
}

function parseMetadata(field: Field | undefined): MachineCredential["metadata"] {
  const { fields, name, uid, resourceVersion } = readMetadata(field, "type1-login-nodes");
  const namespace = fields.get("namespace")?.string(63);
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

function parseSpec(field: Field, known: Known): MachineCredentialSpec {
  const fields = field.object(
    known(["machineType", "unfiltered", "username", "secretHash", "repositories", "expires", "revoked"]),
  );
  const machineType = fields.get("machineType")?.string(limits.machineTypeLength, rules.machineTypeNameRule);
  const unfiltered = fields.get("unfiltered")?.boolean();
  if ((machineType !== undefined) === (unfiltered === true)) field.fail("INVALID", requiredFields.view);
  const username = fields.get("username")?.string(limits.usernameLength, rules.usernameRule);
  const secretHash = required(field, fields, "secretHash", requiredFields.secretHash);
  const repositories = fields.get("repositories")?.items(limits.repositoryItems, '["qnib/*"]');
  const expires = fields.get("expires");
  const revoked = fields.get("revoked");
  return {
    ...(machineType === undefined ? {} : { machineType }),
    ...(unfiltered === undefined ? {} : { unfiltered }),
    ...(username === undefined ? {} : { username }),
    secretHash: secretHash.string(limits.secretHashLength, rules.secretHashRule),
    ...(repositories === undefined
      ? {}
      : {
          repositories: repositories.map((item) => item.string(limits.repositoryLength, rules.repositoryPatternRule)),
        }),
    ...(expires === undefined ? {} : { expires: parseTime(expires) }),
    ...(revoked === undefined ? {} : { revoked: parseTime(revoked) }),
  };
}

function parseTime(field: Field): string {
  const text = field.string(limits.timeLength, rules.timeRule);
  // The 29 February of a year that has none is read as the first of March.
  if (!new Date(text).toISOString().startsWith(text.slice(0, -1))) field.refuse(rules.timeRule.message);
  return text;
}

/** Lenient, since nothing depends on it: what cannot be read is left out. */
function parseStatus(value: unknown): MachineCredentialStatus | undefined {
  if (!isRecord(value)) return undefined;
  const { lastUsed } = value;
  return typeof lastUsed === "string" ? { lastUsed } : {};
}
