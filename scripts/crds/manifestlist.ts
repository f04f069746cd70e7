import * as listRules from "../../src/api/list-rules.ts";
import { listLimits as limits, requiredListFields as requiredFields } from "../../src/api/list-rules.ts";
import { metahubApiVersion, metahubGroup, metahubVersion } from "../../src/api/machine-type.ts";
import type { ManifestListKind } from "../../src/api/manifest-list.ts";
import * as rules from "../../src/api/rules.ts";
import { limits as machineLimits } from "../../src/api/rules.ts";
import { status } from "./manifestlist-status.ts";
import { atomic, choice, column, list, matches, needs, object, type Schema, text, validated } from "./schema.ts";

function image(description: string, rule: rules.Rule): Schema {
  return text(description, limits.imageLength, {
    rule: `self.matches(r'${rule.pattern}') && !self.matches(r'${listRules.noImagePattern}')`,
    message: rule.message,
  });
}

const features = list(
  "What the build requires, each written namespace:value, beside what the image itself says.",
  machineLimits.featureItems,
  atomic,
  text("A feature, such as cpu:skylake or nvcap:8.0.", machineLimits.featureLength, matches(rules.featureRule)),
);

const platform = object(
  "The platform of the build. Absent: what the image says.",
  {
    os: choice("Operating system, a GOOS value; linux where it is absent.", rules.operatingSystems),
    architecture: choice("Architecture, a GOARCH value.", rules.architectures),
    variant: text(
      "Variant of the architecture, such as v3.",
      machineLimits.variantLength,
      matches(rules.platformVariant),
    ),
    features,
  },
  needs("architecture", requiredFields.architecture),
);

const manifest = object(
  "A build, or an image index with several.",
  {
    image: image("Its reference, with a tag or a digest.", listRules.listedImageRule),
    platform,
    features,
    priority: {
      description: "The higher wins among builds that fit equally well.",
      type: "integer",
      format: "int32",
      minimum: -machineLimits.priority,
      maximum: machineLimits.priority,
    },
  },
  needs("image", requiredFields.listedImage),
);

const atBinding = {
  description:
    "Builds of other repositories are written when a Pod is bound too, where no policy sees them under the name of whoever made the Pod.",
  type: "boolean",
};

const spec = (kind: ManifestListKind): Schema =>
  object(
    "The name that is spoken for, and its builds.",
    {
      image: image(
        "The repository that Pods ask for, or one tag of it. Digests are never replaced.",
        listRules.spokenForRule,
      ),
      tags: list(
        "More tags of it. Where neither image nor this names a tag, every tag is spoken for.",
        limits.tagItems,
        atomic,
        text("A tag.", limits.tagLength, matches(listRules.tagRule)),
      ),
      manifests: validated(list("The builds.", limits.manifestItems, atomic, manifest), {
        rule: "size(self) > 0",
        message: requiredFields.noManifests,
      }),
      ...(kind === "ClusterManifestList" ? { atBinding } : {}),
    },
    needs("image", requiredFields.image),
    needs("manifests", requiredFields.manifests),
  );

const conditionColumn = (type: string, description: string) =>
  column(type, "string", `.status.conditions[?(@.type=="${type}")].status`, description);

function definition(kind: ManifestListKind, shortName: string, description: string) {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${metahubGroup}` },
    spec: {
      group: metahubGroup,
      scope: kind === "ManifestList" ? "Namespaced" : "Cluster",
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ["metahub"],
      },
      versions: [
        {
          name: metahubVersion,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            column("Image", "string", ".spec.image", "The name that is spoken for."),
            column("Builds", "string", ".status.builds", "Builds that were found, of those listed."),
            conditionColumn("Ready", "Does every build count?"),
            conditionColumn("Conflict", "Does another list speak for the same name?"),
            column("Age", "date", ".metadata.creationTimestamp", "Time since the list was made."),
          ],
          schema: {
            openAPIV3Schema: object(
              description,
              {
                apiVersion: { description: `${metahubApiVersion}.`, type: "string" },
                kind: { description: `${kind}.`, type: "string" },
                metadata: { type: "object" },
                spec: spec(kind),
                status,
              },
              needs("spec", requiredFields.spec),
            ),
          },
        },
      ],
    },
  };
}

/** The CustomResourceDefinitions of ManifestList and ClusterManifestList. */
export const manifestList = definition(
  "ManifestList",
  "mlist",
  "Joins builds under tags of their own to one image, for the Pods of its namespace.",
);
export const clusterManifestList = definition(
  "ClusterManifestList",
  "cmlist",
  "Joins builds under tags of their own, also of several repositories, to one image, for everybody.",
);
