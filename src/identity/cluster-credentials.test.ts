import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeApiServer, status } from "../../test/support/api-server/fake.ts";
import { KubernetesClient } from "../kubernetes/client/client.ts";
import { ClusterCredentials } from "./cluster-credentials.ts";
import type { Credentials } from "./credentials.ts";
import { createSecret, hashOfSecret } from "./secret.ts";

const path = "/apis/metahub.dev/v1alpha1/machinecredentials";
const secret = createSecret();

let server: FakeApiServer;
let client: KubernetesClient;
let credentials: ClusterCredentials | undefined;
let changes: Credentials[];
let observed: string[];
let errors: unknown[];
let changed: () => void;
beforeEach(async () => {
  [changes, observed, errors] = [[], [], []];
  changed = () => undefined;
  server = await FakeApiServer.start();
  client = new KubernetesClient({ access: server.access(), userAgent: "test" });
});
afterEach(async () => {
  await credentials?.close();
  await client.close();
  await server.stop();
});

function object(name: string, more: object = {}, of = secret) {
  return {
    apiVersion: "metahub.dev/v1alpha1",
    kind: "MachineCredential",
    metadata: { name, namespace: "hpc" },
    spec: { machineType: "type1", username: "u", secretHash: hashOfSecret(of), ...more },
  };
}
function open(): ClusterCredentials {
  credentials = new ClusterCredentials({
    client,
    observe: (resource, { type }) => void observed.push(`${resource} ${type}`),
    onError: (error) => {
      errors.push(error);
      changed();
    },
    onChange: (current) => {
      changes.push(current);
      changed();
    },
  });
  return credentials;
}
/** Until what counts fits. */
const until = (fits: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    changed = () => fits() && resolve();
    changed();
  });

test("those of all namespaces count once they are read, and a revocation as soon as it is seen", async () => {
  server.store.put(path, object("login"));
  const opened = open();
  expect(opened.current.find("u", secret)).toBeUndefined();
  await opened.synced;
  expect(opened.current.find("u", secret)?.metadata).toMatchObject({ name: "login", namespace: "hpc" });
  server.store.put(path, object("login", { revoked: "2026-11-29T12:00:00Z" }));
  await until(() => opened.current.byId("hpc/login")?.spec.revoked !== undefined);
  server.store.delete(path, "login");
  await until(() => opened.current.byId("hpc/login") === undefined);
});

test("when it was used last is no change", async () => {
  server.store.put(path, object("login"));
  const opened = open();
  await opened.synced;
  server.store.put(path, { ...object("login"), status: { lastUsed: "2026-11-29T12:00:00Z" } });
  server.store.put(path, object("other"));
  await until(() => opened.current.byId("hpc/other") !== undefined);
  expect(changes).toHaveLength(2);
  expect(opened.current.byId("hpc/login")).not.toHaveProperty("status");
});

test("one that cannot be read is left out and told, without what it says", async () => {
  server.store.put(path, object("broken", { secretHash: secret }));
  server.store.put(path, object("login"));
  const opened = open();
  await opened.synced;
  expect([opened.current.byId("hpc/broken"), opened.current.byId("hpc/login")?.metadata.name]).toEqual([
    undefined,
    "login",
  ]);
  expect(observed).toContain("machinecredentials unreadable");
});

test("more than can be kept: those of before stay", async () => {
  for (let number = 0; number < 10_000; number += 1)
    server.store.put(path, object(`c${number}`, { username: `u${number}` }));
  const opened = open();
  await opened.synced;
  server.store.put(path, object("one-more", {}, createSecret()));
  await until(() => errors.length > 0);
  expect(errors[0]).toMatchObject({ code: "TOO_MANY" });
  expect(opened.current.find("u7", secret)?.metadata.name).toBe("c7");
});

test("ending before the first list is no failure that nobody hears of", async () => {
  server.always((request, response) => request.path === path && status(response, 403, "Forbidden", "no"));
  const opened = open();
  await server.until(() => server.requests.some((request) => request.path === path));
  await opened.close();
  await expect(opened.synced).rejects.toMatchObject({ code: "ABORTED" });
});
