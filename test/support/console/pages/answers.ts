import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import {
  type CredentialView,
  credential,
  credentials,
  madeCredential,
} from "../../../../src/console/contract/credentials.ts";
import {
  features,
  type KnownFeature,
  type MachineTypeDraft,
  type MachineTypeView,
  machineType,
  machineTypeDraft,
  type Preview,
  preview,
} from "../../../../src/console/contract/machine-types.ts";
import { type Problem, problem } from "../../../../src/console/contract/parts.ts";
import { signIn } from "../../../../src/console/contract/session.ts";
import type {
  Change,
  ManifestListView,
  Matrix,
  NodeView,
  SelectionView,
} from "../../../../src/console/contract/views.ts";
import { manifestLists, matrix, nodes, selections } from "../../../../src/console/contract/views.ts";
import { typeOf } from "./samples.ts";

export interface Asked {
  readonly method: string;
  /** Below /api/v1. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

export interface Answered {
  readonly status: number;
  /** Undefined: 204. */
  readonly schema: z.ZodType | undefined;
  readonly value?: unknown;
}

/** What a fixture holds, and may be changed by what is asked. */
export interface Held {
  readonly machineTypes: Map<string, MachineTypeView>;
  credentials: readonly CredentialView[];
  readonly nodes: readonly NodeView[];
  readonly selections: readonly SelectionView[];
  readonly lists: readonly ManifestListView[];
  readonly matrix: (image: string) => Matrix;
  /** Names that the program knows. */
  readonly known: readonly KnownFeature[];
  /** What every draft would do; undefined: what it says of itself. */
  readonly preview: Preview | undefined;
  user: string | undefined;
  readonly version: number;
  tell(change: Change): void;
}

const machineTypes = z.object({ items: z.array(machineType), version: z.string() });

/** The answer of a console that holds what the fixture holds. */
export function answer(fixture: Held, asked: Asked): Answered {
  const { method, path } = asked;
  if (method !== "GET" && asked.headers["x-metahub-csrf"] === undefined && path !== "/session")
    return refusal(403, "No CSRF token", "The request lacks X-MetaHub-CSRF.");
  const [, first = "", name, sub, id] = path.split("/").map(decodeURIComponent);
  switch (`${method} /${first}`) {
    case "GET /machine-types":
      return sub === undefined ? one(fixture, name) : ofCredentials(fixture);
    case "POST /machine-types:preview":
      return ok(preview, fixture.preview ?? previewOf(fixture, asked));
    case "POST /machine-types":
      return sub === undefined ? create(fixture, asked) : makeCredential(fixture, asked, id);
    case "PUT /machine-types":
      return replace(fixture, asked);
    case "DELETE /machine-types":
      return sub === undefined ? remove(fixture, name) : revoke(fixture, id);
    case "GET /matrix":
      return ok(matrix, fixture.matrix(asked.query.get("image") ?? ""));
    case "GET /features":
      return ok(features, known(fixture, asked.query.get("prefix") ?? ""));
    default:
      return pages(fixture, asked);
  }
}

/** The answer to signing in and out: any password but `wrong` is right. */
export function sign(fixture: Held, { method, body }: Asked): Answered | undefined {
  if (method === "DELETE") {
    fixture.user = undefined;
    return { status: 204, schema: undefined };
  }
  if (method !== "POST") return undefined;
  const how = signIn.parse(body);
  if (how.way === "password" && how.password === "wrong")
    return refusal(401, "Not signed in", "User and password do not belong together.");
  fixture.user = how.way === "password" ? how.user : "system:serviceaccount:metahub:anna";
  return undefined;
}

function pages(fixture: Held, { path, query }: Asked): Answered {
  const has = (text: string | null | undefined, filter: string): boolean =>
    (text ?? "").toLowerCase().includes((query.get(filter) ?? "").toLowerCase());
  switch (path) {
    case "/nodes": {
      const found = fixture.nodes.filter(
        (node) =>
          has([node.name, node.machineType, ...node.features.map(({ feature }) => feature)].join(" "), "search") &&
          has(node.machineType, "machineType") &&
          has(node.profile, "profile"),
      );
      return ok(nodes, pageOf(fixture, found, query));
    }
    case "/selections": {
      const found = fixture.selections.filter(
        (each) =>
          has(each.namespace, "namespace") &&
          has(each.node, "node") &&
          has(each.asked, "image") &&
          has(each.state, "state"),
      );
      return ok(selections, pageOf(fixture, found, query));
    }
    case "/manifest-lists":
      return ok(manifestLists, pageOf(fixture, fixture.lists, query));
    default:
      return refusal(404, "Not found", "There is no such address.");
  }
}

/** `after` is the place of the first item. */
function pageOf<T>({ version }: Held, found: readonly T[], query: URLSearchParams) {
  const from = Number(query.get("after") ?? 0);
  const to = from + Number(query.get("limit") ?? 200);
  const next = to < found.length ? { next: String(to) } : {};
  return { items: found.slice(from, to), total: found.length, ...next, version: String(version) };
}

function list({ machineTypes: held, version }: Held): Answered {
  return ok(machineTypes, { items: [...held.values()], version: String(version) });
}

function one(fixture: Held, name: string | undefined): Answered {
  if (name === undefined) return list(fixture);
  const { machineTypes: held } = fixture;
  const found = held.get(name);
  return found === undefined ? refusal(404, "Not found", `There is no machine type ${name}.`) : ok(machineType, found);
}

function create(fixture: Held, { body }: Asked): Answered {
  const draft = machineTypeDraft.parse(body);
  const fields = refusedIn(draft);
  if (fields.length > 0) return refusal(422, "Refused", "The API server refuses it.", { fields });
  if (fixture.machineTypes.has(draft.name))
    return refusal(409, "Already there", `There is a machine type ${draft.name} already.`);
  return saved(fixture, draft, "1");
}

function replace(fixture: Held, { body }: Asked): Answered {
  const draft = machineTypeDraft.parse(body);
  const fields = refusedIn(draft);
  if (fields.length > 0) return refusal(422, "Refused", "The API server refuses it.", { fields });
  const current = fixture.machineTypes.get(draft.name);
  if (current === undefined) return refusal(404, "Not found", `There is no machine type ${draft.name}.`);
  if (current.resourceVersion !== draft.resourceVersion)
    return refusal(409, "Changed meanwhile", "Somebody else has saved it.", { current });
  return saved(fixture, draft, String(Number(current.resourceVersion) + 1));
}

/** Saves it, as somebody else would. */
export function saved(fixture: Held, draft: MachineTypeDraft, resourceVersion: string): Answered {
  const declared = featuresOf(draft);
  const before = fixture.machineTypes.get(draft.name);
  const made: MachineTypeView = {
    ...(before ?? typeOf(draft.name, { features: declared, declared })),
    ...{ spec: draft.spec, resourceVersion, external: draft.spec["external"] === true },
    features: typeOf(draft.name, { features: declared, declared }).features,
  };
  fixture.machineTypes.set(draft.name, made);
  fixture.tell({ event: "changed", kind: "machine-types", names: [draft.name] });
  return { status: before === undefined ? 201 : 200, schema: machineType, value: made };
}

function remove(fixture: Held, name = ""): Answered {
  fixture.machineTypes.delete(name);
  fixture.tell({ event: "changed", kind: "machine-types", names: [name] });
  return { status: 204, schema: undefined };
}

function featuresOf({ spec }: MachineTypeDraft): string[] {
  return z.array(z.string()).catch([]).parse(spec["features"]);
}

function refusedIn(draft: MachineTypeDraft) {
  const wrong = featuresOf(draft).flatMap((feature, place) =>
    /^[a-z.]+:\S+$/.test(feature)
      ? []
      : [{ path: `spec.features[${place}]`, message: `${feature}: a feature is NAMESPACE:VALUE, such as cpu:zen4` }],
  );
  const name = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(draft.name)
    ? []
    : [{ path: "metadata.name", message: "a name has small letters, digits, hyphens and dots" }];
  const priority =
    draft.spec["priority"] === undefined || typeof draft.spec["priority"] === "number"
      ? []
      : [{ path: "spec.priority", message: "must be of type integer" }];
  return [...name, ...wrong, ...priority];
}

function previewOf({ machineTypes: held }: Held, { query, body }: Asked) {
  const draft = machineTypeDraft.parse(body);
  const type = held.get(draft.name);
  const nodes = type?.nodes ?? 4;
  const moving = nodes === 0 ? [] : [{ from: null, to: draft.name, nodes }];
  if (query.get("delete") === "1")
    return {
      ...{ nodes: 0, names: [], features: [], refused: [], warnings: [], pods: 12, credentials: type?.credentials },
      moved: nodes === 0 ? [] : [{ from: draft.name, to: null, nodes }],
    };
  return {
    ...{ nodes, refused: refusedIn(draft), warnings: [], features: featuresOf(draft) },
    names: Array.from({ length: Math.min(nodes, 200) }, (_, place) => `node-${String(place + 1).padStart(5, "0")}`),
    moved: type === undefined ? moving : [],
  };
}

function known({ known: held }: Held, prefix: string) {
  const items = held.filter(({ feature, says }) => `${feature} ${says}`.includes(prefix));
  return { items, more: false };
}

function ofCredentials({ credentials: items, version }: Held): Answered {
  return ok(credentials, { items, version: String(version) });
}

function makeCredential(fixture: Held, { body }: Asked, id: string | undefined): Answered {
  const name = id?.replace(/:rotate$/, "") ?? z.object({ name: z.string() }).parse(body).name;
  if (!/^[a-z0-9-]+$/.test(name))
    return refusal(422, "Refused", "The API server refuses it.", {
      fields: [{ path: "name", message: "a name has small letters, digits and hyphens" }],
    });
  const made: CredentialView = { id: name, username: `qnib-${name}`, state: "active" };
  fixture.credentials = [made, ...fixture.credentials.filter((each) => each.id !== name)];
  fixture.tell({ event: "changed", kind: "credentials", names: [name] });
  const secret = `mh_${"s3cr3t".repeat(7)}`;
  const line = `echo ${secret} | CLIENT login -u ${made.username} --password-stdin hub.example.com`;
  const lines = ["docker", "podman", "apptainer"].map((client) => ({ client, text: line.replace("CLIENT", client) }));
  return { status: 201, schema: madeCredential, value: { credential: made, secret, lines } };
}

function revoke(fixture: Held, id = ""): Answered {
  const found = fixture.credentials.find((each) => each.id === id);
  if (found === undefined) return refusal(404, "Not found", `There is no credential ${id}.`);
  const revoked: CredentialView = { ...found, state: "revoked", revoked: new Date().toISOString() };
  fixture.credentials = fixture.credentials.map((each) => (each.id === id ? revoked : each));
  fixture.tell({ event: "changed", kind: "credentials", names: [id] });
  return ok(credential, revoked);
}

function ok(schema: z.ZodType, value: unknown): Answered {
  return { status: 200, schema, value };
}

function refusal(status: number, title: string, detail: string, more: Partial<Problem> = {}): Answered {
  return { status, schema: problem, value: { type: "about:blank", title, status, detail, ...more } };
}
