import { ApiError } from "./error.ts";
import { Field, isLabelKey } from "./field.ts";
import type { MachineType, MachineTypeSpec } from "./machine-type.ts";
import type { Taint } from "./node.ts";
import { type Known, openObject, type ParseOptions, readMetadata, required } from "./parse-object.ts";
import { parseStatus } from "./parse-status.ts";
import * as rules from "./rules.ts";
import { limits, requiredFields } from "./rules.ts";
import type { LabelSelector, LabelSelectorRequirement } from "./selector.ts";

/**
 * Reads a MachineType from parsed JSON or YAML and holds it to the rules that the CRD states. Nothing is cast: the
 * result has only known fields, with `nodeTemplate.allocatable` as text.
 *
 * @throws ApiError that names the field and shows a right value.
 */
export function parseMachineType(value: unknown, options: ParseOptions = {}): MachineType {
  const { object, fields, known } = openObject(value, "MachineType", options);
  const metadata = parseMetadata(fields.get("metadata"));
  const spec = fields.get("spec");
  if (spec === undefined) throw new ApiError("MISSING", "spec", requiredFields.spec);
  const status = parseStatus(fields.get("status")?.value);
  return { ...object, metadata, spec: parseSpec(spec, known), ...(status === undefined ? {} : { status }) };
}

function parseMetadata(field: Field | undefined): MachineType["metadata"] {
  const { fields, ...metadata } = readMetadata(field, "type4");
  if (metadata.name.length > limits.nameLength) fields.get("name")?.refuse(requiredFields.name);
  return metadata;
}

function parseSpec(field: Field, known: Known): MachineTypeSpec {
  const fields = field.object(
    known([
      "nodeSelector",
      "external",
      "priority",
      "platform",
      "features",
      "featureLabels",
      "deviceAttributes",
      "nodeTemplate",
    ]),
  );
  const external = fields.get("external")?.boolean();
  if (external === true) checkExternal(field, fields);
  const nodeSelector =
    external === true ? undefined : required(field, fields, "nodeSelector", requiredFields.nodeSelector);
  const priority = fields.get("priority")?.integer(limits.priority);
  const platform = fields.get("platform");
  const features = fields.get("features");
  const featureLabels = fields.get("featureLabels");
  const deviceAttributes = fields.get("deviceAttributes");
  const nodeTemplate = fields.get("nodeTemplate");
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector: parseSelector(nodeSelector, known) }),
    ...(external === undefined ? {} : { external }),
    ...(priority === undefined ? {} : { priority }),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform, known) }),
    ...(features === undefined ? {} : { features: parseFeatures(features) }),
    ...(featureLabels === undefined ? {} : { featureLabels: parseFeatureLabels(featureLabels, known) }),
    ...(deviceAttributes === undefined ? {} : { deviceAttributes: parseDeviceAttributes(deviceAttributes, known) }),
    ...(nodeTemplate === undefined ? {} : { nodeTemplate: parseTemplate(nodeTemplate, known) }),
  };
}

function checkExternal(field: Field, fields: ReadonlyMap<string, Field>): void {
  for (const name of rules.nodeFields) fields.get(name)?.fail("INVALID", requiredFields.noNodes);
  required(field, fields, "platform", requiredFields.externalPlatform);
}

function parseSelector(field: Field, known: Known): LabelSelector {
  const fields = field.object(known(["matchLabels", "matchExpressions"]));
  const labels = fields.get("matchLabels");
  const expressions = fields.get("matchExpressions");
  const matchLabels = labels === undefined ? {} : parseLabels(labels, limits.matchLabelProperties);
  const matchExpressions =
    expressions
      ?.items(limits.matchExpressionItems, "[{key: nvidia.com/gpu.present, operator: Exists}]")
      .map((item) => parseRequirement(item, known)) ?? [];
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) {
    field.fail("INVALID", requiredFields.emptySelector);
  }
  return {
    ...(labels === undefined ? {} : { matchLabels }),
    ...(expressions === undefined ? {} : { matchExpressions }),
  };
}

function parseRequirement(field: Field, known: Known): LabelSelectorRequirement {
  const fields = field.object(known(["key", "operator", "values"]));
  const key = required(field, fields, "key", requiredFields.key).labelKey();
  const operator = required(field, fields, "operator", requiredFields.operator).oneOf(rules.selectorOperators);
  const given = fields.get("values");
  const values = (given?.items(limits.selectorValueItems, '["g3.4xlarge"]') ?? []).map((item) =>
    item.string(limits.labelValueLength, rules.labelValueRule),
  );
  const place = given ?? new Field(undefined, `${field.path}.values`);
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0) place.fail("MISSING", requiredFields.values);
    return { key, operator, values };
  }
  if (values.length > 0) place.refuse(requiredFields.noValues);
  return { key, operator };
}

function parsePlatform(field: Field, known: Known): NonNullable<MachineTypeSpec["platform"]> {
  const fields = field.object(known(["os", "architecture", "variant"]));
  const os = required(field, fields, "os", requiredFields.os).oneOf(rules.operatingSystems);
  const architecture = required(field, fields, "architecture", requiredFields.architecture).oneOf(rules.architectures);
  const variant = fields.get("variant")?.string(limits.variantLength, rules.platformVariant);
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

function parseFeatures(field: Field): readonly string[] {
  const seen = new Set<string>();
  for (const item of field.items(limits.featureItems, '["cpu:broadwell"]')) {
    const feature = item.string(limits.featureLength, rules.featureRule);
    if (seen.has(feature)) item.fail("INVALID", `Duplicate value: ${JSON.stringify(feature)}; write it once`);
    seen.add(feature);
  }
  return [...seen];
}

function parseFeatureLabels(field: Field, known: Known): NonNullable<MachineTypeSpec["featureLabels"]> {
  const items = field.items(limits.featureLabelItems, "[{label: example.com/fabric, namespace: fabric}]");
  const parsed = items.map((item) => {
    const fields = item.object(known(["label", "namespace"]));
    const label = required(item, fields, "label", requiredFields.label);
    const namespace = required(item, fields, "namespace", requiredFields.namespace);
    return { label: label.labelKey(), namespace: namespace.string(limits.namespaceLength, rules.featureNamespace) };
  });
  if (new Set(parsed.map(({ label }) => label)).size < parsed.length) field.fail("INVALID", requiredFields.uniqueLabel);
  return parsed;
}

function parseDeviceAttributes(field: Field, known: Known): NonNullable<MachineTypeSpec["deviceAttributes"]> {
  const example = "[{driver: gpu.example.com, attribute: capability, namespace: nvcap}]";
  const parsed = field.items(limits.deviceAttributeItems, example).map((item) => {
    const fields = item.object(known(["driver", "attribute", "namespace"]));
    const driver = required(item, fields, "driver", requiredFields.driver);
    const attribute = required(item, fields, "attribute", requiredFields.attribute);
    const namespace = required(item, fields, "namespace", requiredFields.deviceNamespace);
    return {
      driver: driver.string(limits.deviceDriverLength, rules.deviceDriver),
      attribute: attribute.string(limits.deviceAttributeLength, rules.deviceAttributeRule),
      namespace: namespace.string(limits.namespaceLength, rules.featureNamespace),
    };
  });
  const keys = new Set(parsed.map(({ driver, namespace }) => `${driver} ${namespace}`));
  if (keys.size < parsed.length) field.fail("INVALID", requiredFields.uniqueDeviceNamespace);
  return parsed;
}

function parseTemplate(field: Field, known: Known): NonNullable<MachineTypeSpec["nodeTemplate"]> {
  const fields = field.object(known(["labels", "taints", "allocatable"]));
  const labels = fields.get("labels");
  const taints = fields.get("taints");
  const allocatable = fields.get("allocatable");
  return {
    ...(labels === undefined ? {} : { labels: parseLabels(labels, limits.templateLabelProperties) }),
    ...(taints === undefined
      ? {}
      : {
          taints: taints
            .items(limits.templateTaintItems, "[{key: nvidia.com/gpu, effect: NoSchedule}]")
            .map((item) => parseTaint(item, known)),
        }),
    ...(allocatable === undefined ? {} : { allocatable: parseAllocatable(allocatable) }),
  };
}

function parseTaint(field: Field, known: Known): Taint {
  const fields = field.object(known(["key", "value", "effect"]));
  const key = required(field, fields, "key", requiredFields.taintKey).labelKey();
  const effect = required(field, fields, "effect", requiredFields.effect).oneOf(rules.taintEffects);
  const value = fields.get("value")?.string(limits.labelValueLength, rules.labelValueRule);
  return { key, effect, ...(value === undefined ? {} : { value }) };
}

/** Labels by key. A bad key is reported at the map, a bad value at `map[key]`: as the API server does. */
function parseLabels(field: Field, max: number): Readonly<Record<string, string>> {
  return parseMap(field, max, (value) => value.string(limits.labelValueLength, rules.labelValueRule));
}

function parseAllocatable(field: Field): Readonly<Record<string, string>> {
  const resources = parseMap(field, limits.templateAllocatableProperties, (given) => {
    // YAML reads `nvidia.com/gpu: 1` as a number; the CRD takes both (x-kubernetes-int-or-string).
    const value = typeof given.value === "number" ? new Field(String(given.value), given.path) : given;
    return value.string(limits.quantityLength, rules.quantityRule);
  });
  for (const [name, quantity] of Object.entries(resources)) {
    if (name.includes("/") && !new RegExp(rules.wholeQuantity.pattern).test(quantity)) {
      new Field(quantity, `${field.path}[${name}]`).refuse(rules.wholeQuantity.message);
    }
  }
  return resources;
}

function parseMap(field: Field, max: number, parse: (value: Field) => string): Readonly<Record<string, string>> {
  const fields = field.object();
  if (fields.size > max) field.fail("TOO_MANY", `${fields.size}: must have at most ${max} items`);
  for (const key of fields.keys()) {
    if (!isLabelKey(key))
      field.fail("INVALID", `key ${JSON.stringify(key.slice(0, 80))} ${rules.labelKeyRule.message}`);
  }
  return Object.fromEntries(
    [...fields].map(([key, { value }]) => [key, parse(new Field(value, `${field.path}[${key}]`))]),
  );
}
