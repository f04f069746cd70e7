import { z } from "zod";
import { credential, credentialDraft, credentials, madeCredential, rotation } from "../contract/credentials.ts";
import { features, machineType, machineTypeDraft, preview } from "../contract/machine-types.ts";
import { notes, resourceVersion } from "../contract/parts.ts";
import { manifestLists, matrix, nodes, selections } from "../contract/views.ts";
import { ConsoleError } from "../error.ts";
import { type Route, route } from "./route.ts";

const text = z.string().max(512);
/** How a page of a list is asked for. */
const page = { after: text.optional(), limit: z.coerce.number().int().min(1).max(500).default(200) };
const flag = z.enum(["1"]).optional();

/** Names that the program knows, by what they begin with. */
export type KnownFeatures = (prefix: string) => z.infer<typeof features>;

/** The routes that the person's own Backend answers: each request is judged by what they may. */
export function dataRoutes(known: KnownFeatures): readonly Route[] {
  return [...machineTypeRoutes, ...credentialRoutes, ...viewRoutes, featureRoute(known)];
}

const machineTypeRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/machine-types",
    says: "All machine types, with what their machines offer.",
    answer: z.object({ items: z.array(machineType), version: z.string(), notes }),
    versioned: true,
    handle: async ({ backend, signal }) => {
      const { items, ...rest } = await backend.machineTypes(signal);
      return { items: [...items], ...rest };
    },
  }),
  route({
    method: "post",
    path: "/machine-types",
    says: "Makes a machine type.",
    body: machineTypeDraft,
    answer: machineType,
    status: 201,
    handle: ({ backend, body, signal }) => backend.createMachineType(body, signal),
  }),
  route({
    method: "post",
    path: "/machine-types:preview",
    says: "Tells which nodes a draft would catch, or what a deletion would change, and changes nothing.",
    query: z.object({ delete: flag }),
    body: machineTypeDraft,
    answer: preview,
    changesNothing: true,
    handle: ({ backend, query, body, signal }) => backend.preview(body, query.delete === "1", signal),
  }),
  route({
    method: "get",
    path: "/machine-types/{name}",
    says: "One machine type.",
    answer: machineType,
    handle: ({ backend, path, signal }) => backend.machineType(nameOf(path), signal),
  }),
  route({
    method: "put",
    path: "/machine-types/{name}",
    says: "Replaces a machine type, if it is still the one whose resourceVersion was read; 409 says what it is now.",
    body: machineTypeDraft,
    answer: machineType,
    handle: ({ backend, path, body, signal }) => {
      if (body.name !== nameOf(path)) {
        const detail = "The machine type in the address and the one in the body are not the same.";
        const fields = [{ path: "name", message: `expected ${nameOf(path)}` }];
        throw new ConsoleError({ status: 422, title: "Two names", detail, fields });
      }
      return backend.replaceMachineType(body, signal);
    },
  }),
  route({
    method: "delete",
    path: "/machine-types/{name}",
    says: "Deletes a machine type, with resourceVersion only if it is still that one.",
    query: z.object({ resourceVersion: resourceVersion.optional() }),
    handle: ({ backend, path, query, signal }) =>
      backend.deleteMachineType(nameOf(path), query.resourceVersion, signal),
  }),
];

const credentialRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/machine-types/{name}/credentials",
    says: "The credentials of a machine type, without secrets.",
    answer: credentials,
    versioned: true,
    handle: ({ backend, path, signal }) => backend.credentials(nameOf(path), signal),
  }),
  route({
    method: "post",
    path: "/machine-types/{name}/credentials",
    says: "Makes a credential. Only this answer, and that of a rotation, holds a secret.",
    body: credentialDraft,
    answer: madeCredential,
    status: 201,
    handle: ({ backend, path, body, signal }) => backend.createCredential(nameOf(path), body, signal),
  }),
  route({
    method: "post",
    path: "/machine-types/{name}/credentials/{id}:rotate",
    says: "Makes a second secret for the same user name; the first one ends after the overlap.",
    body: rotation,
    answer: madeCredential,
    handle: ({ backend, path, body, signal }) => backend.rotateCredential(nameOf(path), idOf(path), body, signal),
  }),
  route({
    method: "delete",
    path: "/machine-types/{name}/credentials/{id}",
    says: "Takes a credential back.",
    answer: credential,
    handle: ({ backend, path, signal }) => backend.revokeCredential(nameOf(path), idOf(path), signal),
  }),
];

const viewRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/matrix",
    says: "Which build of an image each machine type gets, and why not the others.",
    query: z.object({ image: z.string().min(1).max(512) }),
    answer: matrix,
    handle: ({ backend, query, signal }) => backend.matrix(query.image, signal),
  }),
  route({
    method: "get",
    path: "/nodes",
    says: "Nodes with their machine type, profile and where each feature comes from.",
    query: z.object({ search: text.optional(), machineType: text.optional(), profile: text.optional(), ...page }),
    answer: nodes,
    versioned: true,
    handle: ({ backend, query, signal }) => backend.nodes(withoutUndefined(query), signal),
  }),
  route({
    method: "get",
    path: "/selections",
    says: "What was chosen for running Pods, and whether it is still the best.",
    query: z.object({
      namespace: text.optional(),
      node: text.optional(),
      image: text.optional(),
      state: text.optional(),
      ...page,
    }),
    answer: selections,
    versioned: true,
    handle: ({ backend, query, signal }) => backend.selections(withoutUndefined(query), signal),
  }),
  route({
    method: "get",
    path: "/manifest-lists",
    says: "Manifest lists with their entries and what is wrong with them.",
    query: z.object(page),
    answer: manifestLists,
    versioned: true,
    handle: ({ backend, query, signal }) => backend.manifestLists(withoutUndefined(query), signal),
  }),
];

function featureRoute(known: KnownFeatures): Route {
  return route({
    method: "get",
    path: "/features",
    says: "Names of features that the program knows, with a line on each.",
    query: z.object({ prefix: z.string().max(128).default("") }),
    answer: features,
    handle: ({ query }) => Promise.resolve(known(query.prefix)),
  });
}

/** The names of Kubernetes: nothing else is asked for, whoever answers. @throws ConsoleError 404 */
function nameOf({ name = "" }: Readonly<Record<string, string>>): string {
  return objectName(name, "machine type");
}

function idOf({ id = "" }: Readonly<Record<string, string>>): string {
  return objectName(id, "credential");
}

function objectName(name: string, what: string): string {
  if (name.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) && !name.includes("..")) return name;
  throw new ConsoleError({ status: 404, title: "Not found", detail: `No ${what} can have this name.` });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The fields that are there: absent, and not undefined, is what others expect. */
function withoutUndefined<T extends object>(query: T): Defined<T> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as Defined<T>;
}
