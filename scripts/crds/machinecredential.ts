import * as rules from "../../src/api/credential-rules.ts";
import { credentialLimits as limits, requiredCredentialFields } from "../../src/api/credential-rules.ts";
import { metahubApiVersion, metahubGroup, metahubVersion } from "../../src/api/machine-type.ts";
import { atomic, column, list, matches, needs, object, type Schema, text } from "./schema.ts";

/** A time as text: a schema of format date-time would take times that the parser refuses. */
function time(description: string): Schema {
  return text(description, limits.timeLength, {
    // A day that there is not ends the conversion, and with it the rule.
    rule: `self.matches(r'${rules.timeRule.pattern}') && timestamp(self) == timestamp(self)`,
    message: rules.timeRule.message,
  });
}

const spec = object(
  "Who may ask the registry by this credential, and as what.",
  {
    machineType: text(
      "Clients see the builds for this machine type. Exactly one of this and unfiltered.",
      limits.machineTypeLength,
      matches(rules.machineTypeNameRule),
    ),
    unfiltered: {
      description: "Clients see everything as it is upstream, for mirroring and signature tools.",
      type: "boolean",
    },
    username: text(
      "The name that clients log in with. Default: the machine type's name, or this object's where it is unfiltered. Several credentials may share one.",
      limits.usernameLength,
      matches(rules.usernameRule),
    ),
    secretHash: text(
      "The SHA-256 of the secret, never the secret: of 32 random bytes, written by metahub credentials create.",
      limits.secretHashLength,
      matches(rules.secretHashRule),
    ),
    repositories: list(
      "Repositories that clients may see, such as qnib/bench or qnib/*. Absent: all.",
      limits.repositoryItems,
      atomic,
      text("A repository, or all below a path.", limits.repositoryLength, matches(rules.repositoryPatternRule)),
    ),
    expires: time("From this time on it counts no more, such as 2027-06-01T00:00:00Z."),
    revoked: time("When it was taken back. It counts no more as soon as this is there, whatever time it says."),
  },
  {
    rule: "has(self.machineType) != (has(self.unfiltered) && self.unfiltered)",
    message: requiredCredentialFields.view,
  },
  needs("secretHash", requiredCredentialFields.secretHash),
);

const status = object("What the registry saw.", {
  lastUsed: {
    description: "When it was last used, true to an hour.",
    type: "string",
    format: "date-time",
    maxLength: 64,
  },
});

/** The CustomResourceDefinition of MachineCredential. */
export const machineCredential = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `machinecredentials.${metahubGroup}` },
  spec: {
    group: metahubGroup,
    scope: "Namespaced",
    names: {
      kind: "MachineCredential",
      listKind: "MachineCredentialList",
      plural: "machinecredentials",
      singular: "machinecredential",
      shortNames: ["mcred"],
      categories: ["metahub"],
    },
    versions: [
      {
        name: metahubVersion,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          column("Machine Type", "string", ".spec.machineType", "As what clients ask; none for unfiltered."),
          column("User", "string", ".spec.username", "The name that clients log in with, where it is no default."),
          column("Expires", "string", ".spec.expires", "From when on it counts no more."),
          column("Last Used", "date", ".status.lastUsed", "When it was last used, true to an hour."),
          column("Age", "date", ".metadata.creationTimestamp", "Time since the credential was made."),
        ],
        schema: {
          openAPIV3Schema: object(
            "Lets machines ask the registry as one machine type, or see everything as it is upstream.",
            {
              apiVersion: { description: `${metahubApiVersion}.`, type: "string" },
              kind: { description: "MachineCredential.", type: "string" },
              metadata: { type: "object" },
              spec,
              status,
            },
            needs("spec", requiredCredentialFields.spec),
          ),
        },
      },
    ],
  },
};
