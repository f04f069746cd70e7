import { ApiError } from "./error.ts";
import { Field, isLabelKey, isObject } from "./field.ts";
import { API_VERSION, type MachineType, type MachineTypeSpec } from "./machinetype.ts";
import type { Taint } from "./node.ts";
import { parseStatus, textsOf } from "./parse-status.ts";
import * as rules from "./rules.ts";
import { LIMITS, REQUIRED } from "./rules.ts";
import type { LabelSelector, LabelSelectorRequirement } from "./selector.ts";

export interface ParseOptions {
  /**
   * What to do with fields that the API does not have. By default a manifest's are refused (a typo must not pass in
   * silence) and those of a stored object, which has a uid, are ignored: the server may know a newer version of the API.
   */
  readonly unknownFields?: "refuse" | "ignore";
}

/**
 * Reads a MachineType from parsed JSON or YAML and holds it to the rules that the CRD states. Nothing is cast: the
 * result has only known fields, with `nodeTemplate.allocatable` as text.
 *
 * @throws ApiError that names the field and shows a right value.
 */
export function parseMachineType(value: unknown, options: ParseOptions = {}): MachineType {
  const root = new Field(value, "");
  const object = root.object();
  const apiVersion = object.get("apiVersion")?.value;
  const kind = object.get("kind")?.value;
  if (apiVersion !== API_VERSION || kind !== "MachineType") {
    throw new ApiError(
      "WRONG_KIND",
      apiVersion !== API_VERSION ? "apiVersion" : "kind",
      `must be apiVersion: ${API_VERSION}, kind: MachineType; it is ${JSON.stringify(apiVersion)}, ${JSON.stringify(kind)}`,
    );
  }
  const metadata = parseMetadata(object.get("metadata"));
  const refuse = (options.unknownFields ?? (metadata.uid === undefined ? "refuse" : "ignore")) === "refuse";
  const known = (fields: readonly string[]) => (refuse ? fields : undefined);
  const allowed = known(["apiVersion", "kind", "metadata", "spec", "status"]);
  if (allowed !== undefined) root.object(allowed);
  const spec = object.get("spec");
  if (spec === undefined) throw new ApiError("MISSING", "spec", REQUIRED.spec);
  const status = parseStatus(object.get("status")?.value);
  return { apiVersion, kind, metadata, spec: parseSpec(spec, known), ...(status === undefined ? {} : { status }) };
}

/** The fields an object may have, or undefined where others are ignored. */
type Known = (fields: readonly string[]) => readonly string[] | undefined;

function parseMetadata(field: Field | undefined): MachineType["metadata"] {
  const fields = field?.object() ?? new Map<string, Field>();
  const name = fields.get("name");
  if (name === undefined) throw new ApiError("MISSING", "metadata.name", 'is needed, for example "type4"');
  const text = name.string(253);
  if (text.length > LIMITS.nameLength) name.refuse(REQUIRED.name);
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text)) {
    name.refuse('must be lower-case letters, digits, "-" and ".", for example "type4"');
  }
  const { generation, uid, resourceVersion, annotations } = isObject(field?.value) ? field.value : {};
  return {
    name: text,
    ...(typeof generation === "number" ? { generation } : {}),
    ...(typeof uid === "string" ? { uid } : {}),
    ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
    ...(isObject(annotations) ? { annotations: textsOf(annotations) } : {}),
  };
}

function parseSpec(field: Field, known: Known): MachineTypeSpec {
  const fields = field.object(
    known(["nodeSelector", "priority", "platform", "features", "featureLabels", "deviceAttributes", "nodeTemplate"]),
  );
  const nodeSelector = required(field, fields, "nodeSelector", REQUIRED.nodeSelector);
  const priority = fields.get("priority")?.integer(LIMITS.priority);
  const platform = fields.get("platform");
  const features = fields.get("features");
  const featureLabels = fields.get("featureLabels");
  const deviceAttributes = fields.get("deviceAttributes");
  const nodeTemplate = fields.get("nodeTemplate");
  return {
    nodeSelector: parseSelector(nodeSelector, known),
    ...(priority === undefined ? {} : { priority }),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform, known) }),
    ...(features === undefined ? {} : { features: parseFeatures(features) }),
    ...(featureLabels === undefined ? {} : { featureLabels: parseFeatureLabels(featureLabels, known) }),
    ...(deviceAttributes === undefined ? {} : { deviceAttributes: parseDeviceAttributes(deviceAttributes, known) }),
    ...(nodeTemplate === undefined ? {} : { nodeTemplate: parseTemplate(nodeTemplate, known) }),
  };
}

function parseSelector(field: Field, known: Known): LabelSelector {
  const fields = field.object(known(["matchLabels", "matchExpressions"]));
  const labels = fields.get("matchLabels");
  const expressions = fields.get("matchExpressions");
  const matchLabels = labels === undefined ? {} : parseLabels(labels, LIMITS.matchLabelProperties);
  const matchExpressions =
    expressions
      ?.items(LIMITS.matchExpressionItems, "[{key: nvidia.com/gpu.present, operator: Exists}]")
      .map((item) => parseRequirement(item, known)) ?? [];
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) {
    field.fail("INVALID", REQUIRED.emptySelector);
  }
  return {
    ...(labels === undefined ? {} : { matchLabels }),
    ...(expressions === undefined ? {} : { matchExpressions }),
  };
}

function parseRequirement(field: Field, known: Known): LabelSelectorRequirement {
  const fields = field.object(known(["key", "operator", "values"]));
  const key = required(field, fields, "key", REQUIRED.key).labelKey();
  const operator = required(field, fields, "operator", REQUIRED.operator).oneOf(rules.SELECTOR_OPERATORS);
  const given = fields.get("values");
  const values = (given?.items(LIMITS.selectorValueItems, '["g3.4xlarge"]') ?? []).map((item) =>
    item.string(LIMITS.labelValueLength, rules.LABEL_VALUE),
  );
  const place = given ?? new Field(undefined, `${field.path}.values`);
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0) place.fail("MISSING", REQUIRED.values);
    return { key, operator, values };
  }
  if (values.length > 0) place.refuse(REQUIRED.noValues);
  return { key, operator };
}

function parsePlatform(field: Field, known: Known): NonNullable<MachineTypeSpec["platform"]> {
  const fields = field.object(known(["os", "architecture", "variant"]));
  const os = required(field, fields, "os", REQUIRED.os).oneOf(rules.OPERATING_SYSTEMS);
  const architecture = required(field, fields, "architecture", REQUIRED.architecture).oneOf(rules.ARCHITECTURES);
  const variant = fields.get("variant")?.string(LIMITS.variantLength, rules.PLATFORM_VARIANT);
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

function parseFeatures(field: Field): readonly string[] {
  const seen = new Set<string>();
  for (const item of field.items(LIMITS.featureItems, '["cpu:broadwell"]')) {
    const feature = item.string(LIMITS.featureLength, rules.FEATURE);
    if (seen.has(feature)) item.fail("INVALID", `Duplicate value: ${JSON.stringify(feature)}; write it once`);
    seen.add(feature);
  }
  return [...seen];
}

function parseFeatureLabels(field: Field, known: Known): NonNullable<MachineTypeSpec["featureLabels"]> {
  const items = field.items(LIMITS.featureLabelItems, "[{label: example.com/fabric, namespace: fabric}]");
  const parsed = items.map((item) => {
    const fields = item.object(known(["label", "namespace"]));
    const label = required(item, fields, "label", REQUIRED.label);
    const namespace = required(item, fields, "namespace", REQUIRED.namespace);
    return { label: label.labelKey(), namespace: namespace.string(LIMITS.namespaceLength, rules.FEATURE_NAMESPACE) };
  });
  if (new Set(parsed.map(({ label }) => label)).size < parsed.length) field.fail("INVALID", REQUIRED.uniqueLabel);
  return parsed;
}

function parseDeviceAttributes(field: Field, known: Known): NonNullable<MachineTypeSpec["deviceAttributes"]> {
  const example = "[{driver: gpu.example.com, attribute: capability, namespace: nvcap}]";
  const parsed = field.items(LIMITS.deviceAttributeItems, example).map((item) => {
    const fields = item.object(known(["driver", "attribute", "namespace"]));
    const driver = required(item, fields, "driver", REQUIRED.driver);
    const attribute = required(item, fields, "attribute", REQUIRED.attribute);
    const namespace = required(item, fields, "namespace", REQUIRED.deviceNamespace);
    return {
      driver: driver.string(LIMITS.deviceDriverLength, rules.DEVICE_DRIVER),
      attribute: attribute.string(LIMITS.deviceAttributeLength, rules.DEVICE_ATTRIBUTE),
      namespace: namespace.string(LIMITS.namespaceLength, rules.FEATURE_NAMESPACE),
    };
  });
  const keys = new Set(parsed.map(({ driver, namespace }) => `${driver} ${namespace}`));
  if (keys.size < parsed.length) field.fail("INVALID", REQUIRED.uniqueDeviceNamespace);
  return parsed;
}

function parseTemplate(field: Field, known: Known): NonNullable<MachineTypeSpec["nodeTemplate"]> {
  const fields = field.object(known(["labels", "taints", "allocatable"]));
  const labels = fields.get("labels");
  const taints = fields.get("taints");
  const allocatable = fields.get("allocatable");
  return {
    ...(labels === undefined ? {} : { labels: parseLabels(labels, LIMITS.templateLabelProperties) }),
    ...(taints === undefined
      ? {}
      : {
          taints: taints
            .items(LIMITS.templateTaintItems, "[{key: nvidia.com/gpu, effect: NoSchedule}]")
            .map((item) => parseTaint(item, known)),
        }),
    ...(allocatable === undefined ? {} : { allocatable: parseAllocatable(allocatable) }),
  };
}

function parseTaint(field: Field, known: Known): Taint {
  const fields = field.object(known(["key", "value", "effect"]));
  const key = required(field, fields, "key", REQUIRED.taintKey).labelKey();
  const effect = required(field, fields, "effect", REQUIRED.effect).oneOf(rules.TAINT_EFFECTS);
  const value = fields.get("value")?.string(LIMITS.labelValueLength, rules.LABEL_VALUE);
  return { key, effect, ...(value === undefined ? {} : { value }) };
}

/** Labels by key. A bad key is reported at the map, a bad value at `map[key]`: as the API server does. */
function parseLabels(field: Field, max: number): Readonly<Record<string, string>> {
  return parseMap(field, max, (value) => value.string(LIMITS.labelValueLength, rules.LABEL_VALUE));
}

function parseAllocatable(field: Field): Readonly<Record<string, string>> {
  const resources = parseMap(field, LIMITS.templateAllocatableProperties, (given) => {
    // YAML reads `nvidia.com/gpu: 1` as a number; the CRD takes both (x-kubernetes-int-or-string).
    const value = typeof given.value === "number" ? new Field(String(given.value), given.path) : given;
    return value.string(LIMITS.quantityLength, rules.QUANTITY);
  });
  for (const [name, quantity] of Object.entries(resources)) {
    if (name.includes("/") && !new RegExp(rules.WHOLE_QUANTITY.pattern).test(quantity)) {
      new Field(quantity, `${field.path}[${name}]`).refuse(rules.WHOLE_QUANTITY.message);
    }
  }
  return resources;
}

function parseMap(field: Field, max: number, parse: (value: Field) => string): Readonly<Record<string, string>> {
  const fields = field.object();
  if (fields.size > max) field.fail("TOO_MANY", `${fields.size}: must have at most ${max} items`);
  for (const key of fields.keys()) {
    if (!isLabelKey(key)) field.fail("INVALID", `key ${JSON.stringify(key.slice(0, 80))} ${rules.LABEL_KEY.message}`);
  }
  return Object.fromEntries(
    [...fields].map(([key, { value }]) => [key, parse(new Field(value, `${field.path}[${key}]`))]),
  );
}

function required(parent: Field, fields: ReadonlyMap<string, Field>, name: string, message: string): Field {
  return fields.get(name) ?? new Field(undefined, `${parent.path}.${name}`).fail("MISSING", message);
}
