import { createHash } from "node:crypto";
import { Document } from "yaml";
import { isRecord, type JsonRecord } from "../../json/object.ts";
import { documentOptions } from "../../yaml/document-options.ts";

/** Keys of annotations that tools write to find their own work again: no part of what a person declared. */
const toolAnnotations = ["kubectl.kubernetes.io/last-applied-configuration"];
/** Characters of YAML that are made of one object; a MachineType within its rules has a tenth of it. */
const mostYaml = 262_144;

/** An object as its owner would keep it for GitOps: without what the API server adds. */
export function yamlOf(apiVersion: string, kind: string, metadata: JsonRecord, spec: unknown): string {
  const text = new Document(
    { apiVersion, kind, metadata: ownMetadata(metadata), spec },
    { ...documentOptions, aliasDuplicateObjects: false },
  ).toString({ lineWidth: 0 });
  return text.length <= mostYaml ? text : `# ${text.length} characters: too long to be shown\n`;
}

function ownMetadata({ name, namespace, labels, annotations }: JsonRecord): JsonRecord {
  const own = isRecord(annotations)
    ? Object.fromEntries(Object.entries(annotations).filter(([key]) => !toolAnnotations.includes(key)))
    : {};
  return {
    name,
    ...(typeof namespace === "string" ? { namespace } : {}),
    ...(isRecord(labels) && Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(own).length > 0 ? { annotations: own } : {}),
  };
}

/** When somebody last wrote more than the status, RFC 3339; undefined where the object does not say. */
export function changedAt({ managedFields, creationTimestamp }: JsonRecord): string | undefined {
  const times = [creationTimestamp, ...(Array.isArray(managedFields) ? managedFields.flatMap(writeTime) : [])];
  return times
    .filter((time) => typeof time === "string")
    .sort()
    .at(-1);
}

function writeTime(entry: unknown): readonly unknown[] {
  return isRecord(entry) && entry["subresource"] !== "status" ? [entry["time"]] : [];
}

/** A short name of a value's content: the same content, the same name. 32 hexadecimal digits. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
}
