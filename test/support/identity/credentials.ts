import type { MachineCredential, MachineCredentialSpec } from "../../../src/api/machine-credential.ts";
import { Credentials } from "../../../src/identity/credentials.ts";
import type { IdentityRules } from "../../../src/identity/identify.ts";
import { hashOfSecret } from "../../../src/identity/secret.ts";
import { createSigningKey } from "../../../src/keys/signing-keys.ts";

export const now = new Date("2026-11-28T12:00:00Z");
export const seconds = (count: number): Date => new Date(now.getTime() + count * 1_000);
export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

const keys = [createSigningKey(new Date("2026-11-28T00:00:00Z"))];

/** A credential for `type1`, unless the spec says something else. */
export function credential(name: string, secret: string, spec: Partial<MachineCredentialSpec> = {}): MachineCredential {
  const view = spec.unfiltered === true ? {} : { machineType: "type1" };
  return {
    apiVersion: "metahub.dev/v1alpha1",
    kind: "MachineCredential",
    metadata: { name },
    spec: { ...view, secretHash: hashOfSecret(secret), ...spec },
  };
}

/** A registry `hub` with these credentials, without anonymous tokens and hints. */
export function rules(all: readonly MachineCredential[], more: Partial<IdentityRules> = {}): IdentityRules {
  return { credentials: new Credentials(all), keys, audience: "hub", anonymous: false, hints: false, now, ...more };
}
