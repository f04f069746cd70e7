import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { FakeApiServer, reply } from "../../test/support/api-server/fake.ts";
import { KubernetesClient } from "../kubernetes/client/client.ts";
import { PullSecrets } from "./pull-secrets.ts";

/** Characters of a password that fills most of a Secret, which takes 1 MiB in base64. */
const filling = 500_000;

/** The API server, and the credentials of Pods of the namespace `team` from it. */
async function site(): Promise<{ server: FakeApiServer; read: (...names: readonly string[]) => Promise<unknown> }> {
  const server = await FakeApiServer.start();
  const client = new KubernetesClient({ access: server.access(), userAgent: "test" });
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  const secrets = new PullSecrets({ client, mayRead: () => true, log: pino({ level: "silent" }) });
  const read = (...names: readonly string[]): Promise<unknown> => {
    const pod = { metadata: {}, spec: { imagePullSecrets: names.map((name) => ({ name })) } };
    return secrets.of(pod, "team", AbortSignal.timeout(10_000));
  };
  return { server, read };
}

test("Secrets that are as large as they may be are kept within 16 MiB, those used last", async () => {
  const { server, read } = await site();
  const config = JSON.stringify({ auths: { "registry.test": { username: "ann", password: "x".repeat(filling) } } });
  const data = { ".dockerconfigjson": Buffer.from(config).toString("base64") };
  server.always((_request, response) => {
    reply(response, 200, { apiVersion: "v1", kind: "Secret", data });
    return true;
  });
  const names = Array.from({ length: 40 }, (_, n) => `secret-${n}`);
  for (const name of names) await read(name);
  expect(server.requests).toHaveLength(40);
  for (const name of names.slice(-30)) await read(name);
  expect(server.requests).toHaveLength(40);
  await read("secret-0");
  expect(server.requests).toHaveLength(41);
});

test("a name that is longer than any Secret's is not asked for, and the others of the Pod are", async () => {
  const { server, read } = await site();
  server.always((_request, response) => {
    reply(response, 404, { apiVersion: "v1", kind: "Status", code: 404, reason: "NotFound" });
    return true;
  });
  await expect(read("x".repeat(254))).resolves.toBeUndefined();
  expect(server.requests).toEqual([]);
  await read("x".repeat(254), "y".repeat(253), "");
  expect(server.requests.map(({ path }) => path)).toEqual([`/api/v1/namespaces/team/secrets/${"y".repeat(253)}`]);
});
