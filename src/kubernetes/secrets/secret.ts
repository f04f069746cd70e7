import { isRecord } from "../../json/object.ts";
import { KubernetesError } from "../error.ts";
import type { KubernetesObject } from "../object.ts";
import { resource } from "../resource.ts";

export const secretResource = resource({ group: "", version: "v1", plural: "secrets", namespaced: true });

/** The texts of a Secret by their keys. Those that are empty are left out. */
export type SecretData = Readonly<Record<string, string>>;

export interface Secret {
  /** Changes with each write. */
  readonly version: string;
  /** E.g. `kubernetes.io/tls`; it never changes. */
  readonly type: string;
  readonly data: SecretData;
  /** Also those that others put there: whoever writes it keeps them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** For messages: `Secret metahub-system/metahub-webhook-tls`. */
export function placeOf({ namespace, name }: SecretName): string {
  return `Secret ${namespace}/${name}`;
}

/** @throws KubernetesError MALFORMED where it has no version */
export function parseSecret(object: KubernetesObject): Secret {
  const { resourceVersion, namespace = "", name } = object.metadata;
  if (resourceVersion === undefined) {
    throw new KubernetesError("MALFORMED", `${placeOf({ namespace, name })}: it came without a resourceVersion`);
  }
  const given = isRecord(object["data"]) ? object["data"] : {};
  const texts = Object.entries(given).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" && value !== "" ? [[key, Buffer.from(value, "base64").toString("utf8")]] : [],
  );
  const type = object["type"];
  return {
    version: resourceVersion,
    type: typeof type === "string" ? type : "",
    data: Object.fromEntries(texts),
    labels: textsOf(object.metadata.labels),
    annotations: textsOf(object.metadata.annotations),
  };
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
