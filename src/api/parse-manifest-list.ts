import { namespaceRule } from "./credential-rules.ts";
import { ApiError } from "./error.ts";
import type { Field } from "./field.ts";
import * as listRules from "./list-rules.ts";
import { listLimits as limits, requiredListFields as requiredFields } from "./list-rules.ts";
import type {
  ListedManifest,
  ListedPlatform,
  ManifestListKind,
  ManifestListResource,
  ManifestListSpec,
} from "./manifest-list.ts";
import { parseListStatus } from "./parse-list-status.ts";
import { type Known, openObject, type ParseOptions, readMetadata, required } from "./parse-object.ts";
import * as rules from "./rules.ts";
import { limits as machineLimits } from "./rules.ts";

/**
 * Reads a ManifestList or a ClusterManifestList from parsed JSON or YAML and holds it to the rules that the CRD states.
 * Nothing is cast: the result has only known fields.
 * @throws ApiError that names the field and shows a right value
 */
export function parseManifestListOf(
  kind: ManifestListKind,
  value: unknown,
  options: ParseOptions = {},
): ManifestListResource {
  const { object, fields, known } = openObject(value, kind, options);
  const metadata = parseMetadata(fields.get("metadata"));
  const spec = fields.get("spec");
  if (spec === undefined) throw new ApiError("MISSING", "spec", requiredFields.spec);
  const status = parseListStatus(fields.get("status")?.value);
  return { ...object, metadata, spec: parseSpec(kind, spec, known), ...(status === undefined ? {} : { status }) };
}

function parseMetadata(field: Field | undefined): ManifestListResource["metadata"] {
  const { fields, name, uid, generation, resourceVersion } = readMetadata(field, "bench");
  const namespace = fields.get("namespace")?.string(limits.namespaceLength, namespaceRule);
  const created = fields.get("creationTimestamp")?.value;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(generation === undefined ? {} : { generation }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(typeof created === "string" ? { creationTimestamp: created } : {}),
  };
}

function parseSpec(kind: ManifestListKind, field: Field, known: Known): ManifestListSpec {
  const own = kind === "ClusterManifestList" ? ["atBinding"] : [];
  const fields = field.object(known(["image", "tags", "manifests", ...own]));
  const image = parseImage(required(field, fields, "image", requiredFields.image), listRules.spokenForRule);
  const tags = fields.get("tags")?.items(limits.tagItems, '["v1"]');
  const listed = required(field, fields, "manifests", requiredFields.manifests);
  const manifests = listed.items(limits.manifestItems, "[{image: qnib/bench:cpu-skylake}]");
  if (manifests.length === 0) listed.fail("INVALID", requiredFields.noManifests);
  const atBinding = own.length === 0 ? undefined : fields.get("atBinding")?.boolean();
  return {
    image,
    ...(tags === undefined ? {} : { tags: tags.map((item) => item.string(limits.tagLength, listRules.tagRule)) }),
    manifests: manifests.map((item) => parseManifest(item, known)),
    ...(atBinding === undefined ? {} : { atBinding }),
  };
}

function parseManifest(field: Field, known: Known): ListedManifest {
  const fields = field.object(known(["image", "platform", "features", "priority"]));
  const image = required(field, fields, "image", requiredFields.listedImage);
  const platform = fields.get("platform");
  const features = fields.get("features");
  const priority = fields.get("priority")?.integer(machineLimits.priority);
  return {
    image: parseImage(image, listRules.listedImageRule),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform, known) }),
    ...(features === undefined ? {} : { features: parseFeatures(features) }),
    ...(priority === undefined ? {} : { priority }),
  };
}

function parseImage(field: Field, rule: rules.Rule): string {
  const text = field.string(limits.imageLength, rule);
  if (new RegExp(listRules.noImagePattern).test(text)) field.refuse(rule.message);
  return text;
}

function parsePlatform(field: Field, known: Known): ListedPlatform {
  const fields = field.object(known(["os", "architecture", "variant", "features"]));
  const os = fields.get("os")?.oneOf(rules.operatingSystems);
  const architecture = required(field, fields, "architecture", requiredFields.architecture).oneOf(rules.architectures);
  const variant = fields.get("variant")?.string(machineLimits.variantLength, rules.platformVariant);
  const features = fields.get("features");
  return {
    ...(os === undefined ? {} : { os }),
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(features === undefined ? {} : { features: parseFeatures(features) }),
  };
}

function parseFeatures(field: Field): readonly string[] {
  return field
    .items(machineLimits.featureItems, '["cpu:skylake"]')
    .map((item) => item.string(machineLimits.featureLength, rules.featureRule));
}
