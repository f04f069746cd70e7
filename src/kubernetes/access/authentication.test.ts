import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import type { ClusterAccess, ExecPlugin, UserAccess } from "./access.ts";
import { Authentication } from "./authentication.ts";
import { inClusterAccess } from "./in-cluster.ts";

const folder = mkdtempSync(join(tmpdir(), "metahub-authentication-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();

function access(user: UserAccess): ClusterAccess {
  return { server: "https://x", ca: { pem: "CA" }, insecureSkipTlsVerify: false, user, origin: "test" };
}

function authentication(user: UserAccess, clock = new ManualClock()): Authentication {
  return new Authentication(access(user), clock, { PATH: process.env["PATH"] });
}

/** A plugin that runs the shell lines. */
function plugin(script: string, more: Partial<ExecPlugin> = {}): { readonly exec: ExecPlugin } {
  const apiVersion = "client.authentication.k8s.io/v1";
  return {
    exec: { apiVersion, command: "sh", args: ["-c", script], env: {}, provideClusterInfo: false, ...more },
  };
}

function answer(status: object): string {
  return `echo '${JSON.stringify({ kind: "ExecCredential", apiVersion: "client.authentication.k8s.io/v1", status })}'`;
}

describe("credentials", () => {
  test.each([
    ["nothing", {}, {}],
    ["a token", { token: "t" }, { authorization: "Bearer t" }],
    ["a password", { basic: { username: "u", password: "p" } }, { authorization: "Basic dTpw" }],
    [
      "impersonation",
      { token: "t", impersonate: { user: "a", uid: "1", groups: ["g"], extra: { "Some/Key": ["v"] } } },
      {
        authorization: "Bearer t",
        "impersonate-user": "a",
        "impersonate-uid": "1",
        "impersonate-group": ["g"],
        "impersonate-extra-some%2Fkey": ["v"],
      },
    ],
  ])("%s", async (_, user: UserAccess, headers) => {
    expect(await authentication(user).current(signal)).toMatchObject({ headers, ca: "CA" });
  });

  test("a token file is read again after a minute, at once when refused, and kept while it is being replaced", async () => {
    const tokenFile = join(folder, "token");
    const clock = new ManualClock();
    const token = async (): Promise<unknown> => (await auth.current(signal)).headers["authorization"];
    writeFileSync(tokenFile, "one\n");
    const auth = authentication({ tokenFile }, clock);
    expect(await token()).toBe("Bearer one");
    writeFileSync(tokenFile, "two");
    await clock.advance(59_000);
    expect(await token()).toBe("Bearer one");
    await clock.advance(1_000);
    expect(await token()).toBe("Bearer two");
    writeFileSync(tokenFile, "three");
    auth.invalidate();
    expect(await token()).toBe("Bearer three");
    rmSync(tokenFile);
    auth.invalidate();
    expect(await token()).toBe("Bearer three");
  });

  test("a token file that was never there: one clear line", async () => {
    const tokenFile = join(folder, "absent");
    await expect(authentication({ tokenFile }).current(signal)).rejects.toMatchObject({
      code: "CONFIG",
      message: expect.stringContaining(tokenFile),
    });
  });
});

describe("credential plugins", () => {
  test("get KUBERNETES_EXEC_INFO and their own variables; run once for many", async () => {
    const log = join(folder, "log");
    const script = `echo "$KUBERNETES_EXEC_INFO $OWN" >> ${log}; ${answer({ token: "t" })}`;
    const auth = authentication(plugin(script, { env: { OWN: "mine" }, provideClusterInfo: true }));
    const all = await Promise.all([1, 2, 3].map(() => auth.current(signal)));
    expect(all.map(({ headers }) => headers["authorization"])).toEqual(["Bearer t", "Bearer t", "Bearer t"]);
    await auth.current(signal);
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/ mine$/);
    expect(JSON.parse((lines[0] ?? "").replace(/ mine$/, ""))).toMatchObject({
      kind: "ExecCredential",
      spec: { interactive: false, cluster: { server: "https://x", "certificate-authority-data": "Q0E=" } },
    });
  });

  test("run again when the credential expires, and when the server refuses it", async () => {
    const log = join(folder, "again");
    const clock = new ManualClock();
    const expirationTimestamp = new Date(clock.wall().getTime() + 60_000).toISOString();
    const auth = authentication(plugin(`echo x >> ${log}; ${answer({ token: "t", expirationTimestamp })}`), clock);
    const runs = async (): Promise<number> => {
      await auth.current(signal);
      return readFileSync(log, "utf8").length / 2;
    };
    expect(await runs()).toBe(1);
    await clock.advance(49_000);
    expect(await runs()).toBe(1);
    await clock.advance(1_000);
    expect(await runs()).toBe(2);
    const forever = authentication(plugin(`echo x >> ${log}; ${answer({ token: "t" })}`), clock);
    await forever.current(signal);
    forever.invalidate();
    await forever.current(signal);
    expect(await runs()).toBe(5);
  });

  test("may give a certificate", async () => {
    const auth = authentication(plugin(answer({ clientCertificateData: "C", clientKeyData: "K" })));
    expect(await auth.current(signal)).toMatchObject({ certificate: "C", key: "K", headers: {} });
  });

  test.each([
    [
      "absent",
      plugin("", { command: "metahub-absent-plugin", installHint: "install it" }),
      "cannot be run: .*(install it)",
    ],
    ["failing", plugin("exit 3"), "ended with exit code 3"],
    ["no JSON", plugin("echo hello secret"), "its output is no JSON"],
    ["another kind", plugin("echo '{}'"), "its output is no ExecCredential"],
    [
      "another version",
      plugin(answer({ token: "secret" }).replace("/v1", "/v1beta1")),
      "not of client.authentication.k8s.io/v1",
    ],
    ["empty", plugin(answer({})), "neither a token nor a certificate"],
    ["a bad time", plugin(answer({ token: "secret", expirationTimestamp: "soon" })), "is no time"],
    ["endless", plugin("yes secret"), "wrote more than 1 MiB"],
  ])("%s: one clear line without the secret", async (_, user, message) => {
    const error: unknown = await authentication(user)
      .current(signal)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "CONFIG", message: expect.stringMatching(message) });
    expect(String(error)).not.toContain("secret");
  });

  test("a plugin that hangs is killed after a minute, and when the client closes", async () => {
    const clock = new ManualClock();
    const hanging = authentication(plugin("sleep 1000"), clock).current(signal);
    await Promise.all([
      expect(hanging).rejects.toMatchObject({ code: "TIMEOUT" }),
      clock.timer((ms) => ms === 60_000).then(() => clock.advance(60_000)),
    ]);
    const closing = authentication(plugin("exec sleep 1000"), clock);
    const running = closing.current(signal);
    closing.close();
    await expect(running).rejects.toMatchObject({ code: "CLOSED" });
  });
});

test("the service account of a Pod", async () => {
  writeFileSync(join(folder, "token"), "t");
  writeFileSync(join(folder, "namespace"), "own\n");
  const environment = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
  expect(await inClusterAccess(environment, folder)).toMatchObject({
    server: "https://[fd00::1]:443",
    namespace: "own",
    ca: { file: join(folder, "ca.crt") },
    user: { tokenFile: join(folder, "token") },
  });
});
