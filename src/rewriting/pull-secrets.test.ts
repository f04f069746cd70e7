import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { FakeApiServer, reply } from "../../test/support/api-server/fake.ts";
import { KubernetesClient } from "../kubernetes/client/client.ts";
import { PullSecrets } from "./pull-secrets.ts";

/** Characters of a password that fills most of a Secret, which takes 1 MiB in base64. */
const filling = 500_000;

test("Secrets that are as large as they may be are kept within 16 MiB, those used last", async () => {
  const server = await FakeApiServer.start();
  const client = new KubernetesClient({ access: server.access(), userAgent: "test" });
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  const config = JSON.stringify({ auths: { "registry.test": { username: "ann", password: "x".repeat(filling) } } });
  const data = { ".dockerconfigjson": Buffer.from(config).toString("base64") };
  server.always((_request, response) => {
    reply(response, 200, { apiVersion: "v1", kind: "Secret", data });
    return true;
  });
  const secrets = new PullSecrets({ client, mayRead: () => true, log: pino({ level: "silent" }) });
  const read = async (name: string): Promise<void> => {
    const pod = { metadata: {}, spec: { imagePullSecrets: [{ name }] } };
    await secrets.of(pod, "team", AbortSignal.timeout(10_000));
  };
  const names = Array.from({ length: 40 }, (_, n) => `secret-${n}`);
  for (const name of names) await read(name);
  expect(server.requests).toHaveLength(40);
  for (const name of names.slice(-30)) await read(name);
  expect(server.requests).toHaveLength(40);
  await read("secret-0");
  expect(server.requests).toHaveLength(41);
});
