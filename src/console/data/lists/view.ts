import { metahubApiVersion } from "../../../api/machine-type.ts";
import type { ListedEntryStatus } from "../../../api/manifest-list.ts";
import { parseListStatus } from "../../../api/parse-list-status.ts";
import { isRecord, type JsonRecord } from "../../../json/object.ts";
import type { Manifest } from "../../../manifests/parse.ts";
import { isDigest } from "../../../oci/digest.ts";
import type { ManifestListView } from "../../contract/views.ts";
import { yamlOf } from "../objects.ts";

/** Entries and characters that are shown of what somebody wrote; the API server takes no more of either. */
const mostEntries = 512;
const mostText = 2_048;

type Kind = ManifestListView["kind"];

/** A ManifestList or ClusterManifestList as people see it: its entries with what became of each. Lenient: it is shown. */
export function listView(kind: Kind, object: JsonRecord): ManifestListView {
  const metadata = recordIn(object, "metadata");
  const spec = recordIn(object, "spec");
  const status = parseListStatus(object["status"]);
  const namespace = textIn(metadata, "namespace");
  const known = status?.entries ?? [];
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name: textIn(metadata, "name") ?? "",
    image: textIn(spec, "image") ?? "",
    entries: entriesOf(spec).map((entry, index) => entryView(entry, known[index])),
    conditions: (status?.conditions ?? []).map(({ type, status: is, reason, message }) => ({
      type,
      status: is,
      reason,
      message,
    })),
    yaml: yamlOf(metahubApiVersion, kind, metadata, spec),
  };
}

/** The same of a file's manifest; a list in the YAML of 2019 has no metadata, and its image is its name. */
export function listViewOfManifest({ apiVersion, kind, object }: Manifest): ManifestListView {
  if (apiVersion === metahubApiVersion) return listView(kind === "ManifestList" ? kind : "ClusterManifestList", object);
  // A name leads to the next page, and is no longer than others are.
  const image = (textIn(object, "image") ?? "").slice(0, 253);
  return {
    ...listView("ClusterManifestList", { metadata: { name: image }, spec: object }),
    yaml: yamlOf(apiVersion, kind, {}, object),
  };
}

/** Sorts lists by namespace and name; those for everybody first. */
export function listKey({ namespace = "", name, kind }: ManifestListView): string {
  return `${namespace}/${name}/${kind}`;
}

function entriesOf({ manifests }: JsonRecord): readonly JsonRecord[] {
  return Array.isArray(manifests) ? manifests.slice(0, mostEntries).map((entry) => (isRecord(entry) ? entry : {})) : [];
}

function entryView(entry: JsonRecord, known: ListedEntryStatus | undefined): ManifestListView["entries"][number] {
  const image = textIn(entry, "image") ?? "";
  // A status of before the last change may be of other entries.
  const own = known?.image === image ? known : undefined;
  const digest = own?.digest !== undefined && isDigest(own.digest) ? own.digest : undefined;
  const platform = own?.platform ?? platformOf(recordIn(entry, "platform"));
  return {
    image,
    ...(digest === undefined ? {} : { digest }),
    ...(platform === undefined ? {} : { platform }),
    requires: (own?.requires ?? textsIn(entry, "features")).map((group) => group.split("|")),
    ...(own?.lastResolved === undefined ? {} : { resolved: own.lastResolved }),
    ...(own?.error === undefined ? {} : { error: own.error }),
  };
}

function platformOf(platform: JsonRecord): string | undefined {
  const { architecture, variant } = platform;
  if (typeof architecture !== "string") return undefined;
  return [textIn(platform, "os") ?? "linux", architecture, ...(typeof variant === "string" ? [variant] : [])].join("/");
}

function recordIn(object: JsonRecord, name: string): JsonRecord {
  const value = object[name];
  return isRecord(value) ? value : {};
}

function textIn(object: JsonRecord, name: string): string | undefined {
  const value = object[name];
  return typeof value === "string" && value !== "" ? value.slice(0, mostText) : undefined;
}

function textsIn(object: JsonRecord, name: string): readonly string[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
