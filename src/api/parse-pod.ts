import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from "./affinity.ts";
import { Field } from "./field.ts";
import type { Container, Pod, PodMetadata, PodResourceClaim, PodSpec, Volume } from "./pod.ts";
import { readAnnotations, readLabels } from "./pod-keys.ts";
import type { Toleration } from "./taints.ts";

/**
 * Reads the fields of a core/v1 Pod that admission and placement look at; all others are dropped, annotations and labels
 * too, list positions are kept (a JSON patch names them). A map of annotations is there where the Pod has any. Holds for pod templates too, which have metadata and spec.
 *
 * @throws ApiError where one of those fields has a wrong type, which the API server refuses as well.
 */
export function parsePod(value: unknown): Pod {
  const fields = new Field(value, "").object();
  const apiVersion = text(fields, "apiVersion");
  const kind = text(fields, "kind");
  const metadata = fields.get("metadata");
  const spec = fields.get("spec") ?? new Field({}, "spec");
  return defined<Pod>({
    apiVersion,
    kind,
    metadata: metadata === undefined ? {} : parseMetadata(metadata),
    spec: parseSpec(spec),
  });
}

type Fields = ReadonlyMap<string, Field>;

function parseMetadata(field: Field): PodMetadata {
  const fields = field.object();
  return defined<PodMetadata>({
    name: text(fields, "name"),
    generateName: text(fields, "generateName"),
    namespace: text(fields, "namespace"),
    uid: text(fields, "uid"),
    creationTimestamp: text(fields, "creationTimestamp"),
    labels: someTexts(fields, "labels", readLabels),
    annotations: someTexts(fields, "annotations", readAnnotations),
  });
}

function parseSpec(field: Field): PodSpec {
  const fields = field.object();
  const required = fields
    .get("affinity")
    ?.object()
    .get("nodeAffinity")
    ?.object()
    .get("requiredDuringSchedulingIgnoredDuringExecution");
  return defined<PodSpec>({
    nodeName: text(fields, "nodeName"),
    nodeSelector: texts(fields, "nodeSelector"),
    affinity:
      required === undefined
        ? undefined
        : { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: parseNodeSelector(required) } },
    tolerations: list(fields, "tolerations", parseToleration),
    containers: list(fields, "containers", parseContainer),
    initContainers: list(fields, "initContainers", parseContainer),
    ephemeralContainers: list(fields, "ephemeralContainers", parseContainer),
    volumes: list(fields, "volumes", parseVolume),
    imagePullSecrets: list(fields, "imagePullSecrets", (item) =>
      defined<{ readonly name?: string }>({ name: text(item, "name") }),
    ),
    serviceAccountName: text(fields, "serviceAccountName"),
    runtimeClassName: text(fields, "runtimeClassName"),
    resourceClaims: list(fields, "resourceClaims", parseResourceClaim),
    schedulerName: text(fields, "schedulerName"),
    schedulingGates: list(fields, "schedulingGates", (item) => ({ name: text(item, "name") ?? "" })),
  });
}

function parseNodeSelector(field: Field): NodeSelector {
  return { nodeSelectorTerms: list(field.object(), "nodeSelectorTerms", parseTerm) ?? [] };
}

function parseTerm(fields: Fields): NodeSelectorTerm {
  return defined<NodeSelectorTerm>({
    matchExpressions: list(fields, "matchExpressions", parseRequirement),
    matchFields: list(fields, "matchFields", parseRequirement),
  });
}

const operators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] as const;

function parseRequirement(fields: Fields): NodeSelectorRequirement {
  const operator = fields.get("operator");
  return defined<NodeSelectorRequirement>({
    key: text(fields, "key") ?? "",
    operator: (operator ?? new Field("", "operator")).oneOf(operators),
    values: fields.get("values")?.items(maxItems, "[]").map(textOf),
  });
}

function parseToleration(fields: Fields): Toleration {
  const seconds = fields.get("tolerationSeconds")?.value;
  return defined<Toleration>({
    key: text(fields, "key"),
    operator: text(fields, "operator"),
    value: text(fields, "value"),
    effect: text(fields, "effect"),
    tolerationSeconds: typeof seconds === "number" ? seconds : undefined,
  });
}

function parseContainer(fields: Fields): Container {
  const resources = fields.get("resources")?.object();
  return defined<Container>({
    name: text(fields, "name") ?? "",
    image: text(fields, "image"),
    restartPolicy: text(fields, "restartPolicy"),
    resources:
      resources === undefined
        ? undefined
        : defined<NonNullable<Container["resources"]>>({
            requests: quantities(resources, "requests"),
            limits: quantities(resources, "limits"),
            claims: list(resources, "claims", (item) =>
              defined<{ readonly name: string; readonly request?: string }>({
                name: text(item, "name") ?? "",
                request: text(item, "request"),
              }),
            ),
          }),
  });
}

function parseVolume(fields: Fields): Volume {
  const image = fields.get("image")?.object();
  return defined<Volume>({
    name: text(fields, "name") ?? "",
    image:
      image === undefined
        ? undefined
        : defined<NonNullable<Volume["image"]>>({
            reference: text(image, "reference"),
            pullPolicy: text(image, "pullPolicy"),
          }),
  });
}

function parseResourceClaim(fields: Fields): PodResourceClaim {
  return defined<PodResourceClaim>({
    name: text(fields, "name") ?? "",
    resourceClaimName: text(fields, "resourceClaimName"),
    resourceClaimTemplateName: text(fields, "resourceClaimTemplateName"),
  });
}

/** A Pod fits etcd's 1.5 MiB request: more items than this cannot be in one. */
const maxItems = 100_000;
const maxLength = 4 * 1024 * 1024;

function textOf(field: Field): string {
  return field.string(maxLength);
}

function text(fields: Fields, name: string): string | undefined {
  return fields.get(name)?.string(maxLength);
}

function texts(fields: Fields, name: string): Readonly<Record<string, string>> | undefined {
  const field = fields.get(name);
  return field && Object.fromEntries([...field.object()].map(([key, value]) => [key, textOf(value)]));
}

/** Those members of a map alone: a map may have very many. */
function someTexts(
  fields: Fields,
  name: string,
  keys: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const field = fields.get(name);
  return field && Object.fromEntries(field.members(keys).map((member) => [member.key, textOf(member.value)]));
}

/** Quantities may be written as numbers in YAML files; the API server sends text. */
function quantities(fields: Fields, name: string): Readonly<Record<string, string>> | undefined {
  const field = fields.get(name);
  const read = (given: Field) => (typeof given.value === "number" ? String(given.value) : textOf(given));
  return field && Object.fromEntries([...field.object()].map(([key, value]) => [key, read(value)]));
}

function list<T>(fields: Fields, name: string, parse: (item: Fields) => T): readonly T[] | undefined {
  return fields
    .get(name)
    ?.items(maxItems, "[]")
    .map((item) => parse(item.object()));
}

type Loose<T> = { readonly [K in keyof T]: T[K] | (undefined extends T[K] ? undefined : never) | Optional<T, K> };
type Optional<T, K extends keyof T> = Record<never, never> extends Pick<T, K> ? undefined : never;

/** Leaves out the fields that are undefined: an absent field stays absent. */
function defined<T extends object>(loose: Loose<T>): T;
function defined(loose: object): object {
  return Object.fromEntries(Object.entries(loose).filter(([, value]) => value !== undefined));
}
