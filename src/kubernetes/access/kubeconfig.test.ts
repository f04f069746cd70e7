import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findClusterAccess } from "./find.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "metahub-kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const pemText = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const good = `
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c1
  cluster: {server: "https://one:6443/", certificate-authority: pki/ca.crt, tls-server-name: api}
- name: c2
  cluster: {server: "http://two:8080/prefix", insecure-skip-tls-verify: true, proxy-url: "http://proxy:3128"}
contexts:
- name: one
  context: {cluster: c1, user: u1, namespace: ns}
- name: two
  context: {cluster: c2, user: u2}
- name: anonymous
  context: {cluster: c2, user: ""}
users:
- name: u1
  user: {client-certificate-data: ${base64(pemText)}, client-key: pki/key, as: somebody, as-groups: [g1, g2], as-user-extra: {reason: [test]}}
- name: u2
  user:
    tokenFile: token
    exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, args: [a], env: [{name: A, value: b}], installHint: get it}
`;

describe("loadKubeconfig", () => {
  test("takes the current context and makes paths absolute", async () => {
    const path = file("good", good);
    expect(await loadKubeconfig({ path })).toEqual({
      server: "https://one:6443",
      ca: { file: join(folder, "pki/ca.crt") },
      insecureSkipTlsVerify: false,
      tlsServerName: "api",
      proxyUrl: undefined,
      namespace: "ns",
      origin: `kubeconfig ${path}, context one`,
      user: {
        certificate: { pem: pemText },
        key: { file: join(folder, "pki/key") },
        impersonate: { user: "somebody", uid: undefined, groups: ["g1", "g2"], extra: { reason: ["test"] } },
      },
    });
  });

  test("takes the context that is asked for; exec commands with a slash are relative to the file", async () => {
    const access = await loadKubeconfig({ path: file("good", good), context: "two" });
    expect(access).toMatchObject({
      server: "http://two:8080/prefix",
      insecureSkipTlsVerify: true,
      proxyUrl: "http://proxy:3128",
    });
    expect(access.user.tokenFile).toBe(join(folder, "token"));
    expect(access.user.exec).toMatchObject({ command: join(folder, "bin/login"), args: ["a"], env: { A: "b" } });
  });

  test("values mean what they mean to kubectl: yes is true, a date and a time in base 60 are text", async () => {
    const said = good
      .replace("insecure-skip-tls-verify: true", "insecure-skip-tls-verify: yes")
      .replace("tokenFile: token", "token: 2024-01-01")
      .replace("value: b", "value: 1:30");
    const access = await loadKubeconfig({ path: file("dialect", said), context: "two" });
    expect(access.insecureSkipTlsVerify).toBe(true);
    expect(access.user).toMatchObject({ token: "2024-01-01", exec: { env: { A: "1:30" } } });
  });

  test("several files: the first that names something wins, missing ones are passed over", async () => {
    const first = file("first", "current-context: two\nclusters: [{name: c2, cluster: {server: https://mine}}]\n");
    const path = [join(folder, "absent"), first, file("good", good)].join(delimiter);
    const access = await loadKubeconfig({ path });
    expect(access.server).toBe("https://mine");
    expect(access.user.tokenFile).toBe(join(folder, "token"));
  });

  test("a context without a user is anonymous", async () => {
    expect((await loadKubeconfig({ path: file("good", good), context: "anonymous" })).user).toEqual({});
  });

  test.each([
    ["missing", () => join(folder, "absent"), "the file does not exist"],
    [
      "a list of missing ones",
      () => `${join(folder, "a")}${delimiter}${join(folder, "b")}`,
      "none of these files exists",
    ],
    ["a folder", () => folder, "cannot be read"],
    ["no YAML", () => file("bad", "a: b\ntoken: [secret\n"), "is no YAML: deficient indentation (line 3, column 1)"],
    ["a secret that is an alias", () => file("bad", "token: *secret\n"), "unidentified alias … (line 1, column 9)"],
    ["a secret that is a tag", () => file("bad", "token: !secret secret\n"), "unknown scalar tag … (line 1, column "],
    ["a secret that is a wrong tag", () => file("bad", "token: !secret>a b\n"), "such characters: … (line 1, column "],
    ["a secret with a handle of a tag", () => file("bad", "token: !secret!a b\n"), "undeclared tag handle … (line 1"],
    ["several documents", () => file("bad", `${good}---\n${good}`), "several documents"],
    ["a key twice", () => file("bad", "users: []\nusers: []\n"), "duplicated mapping key (line 2, column 1)"],
    ["a number for a name", () => file("bad", good.replace("name: u1", "name: 1_0")), "users.0.name: "],
    ["a scalar", () => file("bad", "hello"), "expected object"],
    ["nothing", () => file("bad", "apiVersion: v1\nkind: Config\n"), "no current context is set"],
    [
      "no current context",
      () => file("bad", good.replace("current-context: one", "")),
      "contexts: one, two, anonymous",
    ],
    [
      "an unknown context",
      () => file("bad", good.replace("current-context: one", "current-context: x")),
      "context x is not defined (contexts: one, two, anonymous)",
    ],
    [
      "an unknown cluster",
      () => file("bad", good.replace("- name: c1", "- name: c9")),
      "names the cluster c1, which is not defined",
    ],
    [
      "an unknown user",
      () => file("bad", good.replace("- name: u1", "- name: u9")),
      "names the user u1, which is not defined",
    ],
    [
      "a server that is no URL",
      () => file("bad", good.replace("https://one:6443/", "one:6443")),
      "is no http or https URL",
    ],
    ["no server", () => file("bad", good.replace('server: "https://one:6443/", ', "")), "clusters.0.cluster.server: "],
    [
      "certificate data that is none",
      () => file("bad", good.replace(base64(pemText), "c2VjcmV0")),
      "is not base64 of PEM",
    ],
    [
      "an exec version too old",
      () => file("bad", good.replace("k8s.io/v1", "k8s.io/v1alpha1")),
      "users.1.user.exec.apiVersion: ",
    ],
  ])("%s: one clear line", async (_, path, message) => {
    const given = path();
    const error: unknown = await loadKubeconfig({ path: given }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "CONFIG", message: expect.stringContaining(message) });
    expect(String(error)).not.toContain("\n");
    expect(String(error)).not.toContain("secret");
    expect(String(error)).not.toContain("c2VjcmV0");
  });

  test("unreadable: one clear line", async () => {
    const path = file("locked", good);
    chmodSync(path, 0o000);
    const root = process.getuid?.() === 0;
    if (root) process.seteuid?.(65_534); // Root may read everything.
    try {
      await expect(loadKubeconfig({ path })).rejects.toThrow("may not be read");
    } finally {
      if (root) process.seteuid?.(0);
    }
  });
});

describe("findClusterAccess", () => {
  const home = join(folder, "home");
  mkdirSync(join(home, ".kube"), { recursive: true });
  writeFileSync(join(home, ".kube", "config"), good.replace("https://one:6443/", "https://home"));

  test.each([
    [
      "the flag",
      { kubeconfig: () => file("flag", good), environment: { KUBECONFIG: "/absent", HOME: home } },
      "https://one:6443",
    ],
    [
      "the variable",
      { kubeconfig: () => undefined, environment: { KUBECONFIG: file("env", good), HOME: home } },
      "https://one:6443",
    ],
    ["the home folder", { kubeconfig: () => undefined, environment: { KUBECONFIG: "", HOME: home } }, "https://home"],
  ])("%s", async (_, { kubeconfig, environment }, server) => {
    expect((await findClusterAccess({ kubeconfig: kubeconfig(), environment })).server).toBe(server);
  });

  test.each([
    ["nothing at all", {}, "no cluster is configured"],
    ["an empty home", { HOME: folder }, `${folder}/.kube/config is absent`],
    [
      "a Pod without its token",
      { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" },
      "automountServiceAccountToken",
    ],
  ])("%s: one clear line", async (_, environment, message) => {
    await expect(findClusterAccess({ environment })).rejects.toMatchObject({
      code: "CONFIG",
      message: expect.stringContaining(message),
    });
  });
});
