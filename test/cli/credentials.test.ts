import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Credentials } from "../../src/identity/credentials.ts";
import { identify } from "../../src/identity/identify.ts";
import { hashOfSecret } from "../../src/identity/secret.ts";
import { HubFolder } from "../../src/proxy/hub-folder.ts";
import { rules } from "../support/identity/credentials.ts";
import { metahubProgram } from "./metahub.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });
const metahub = metahubProgram();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-credentials-cli-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});
const credentials = (...args: string[]) => metahub(["credentials", ...args, "--inventory", folder]);
const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");

interface Made {
  readonly secret: string;
  readonly authorization: string;
  readonly [key: string]: unknown;
}

async function made(...args: string[]): Promise<Made> {
  const { code, stdout, stderr } = await credentials(...args, "-o", "json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

/** Who the registry takes the login for, as it reads the folder at that time. */
async function whoIs({ authorization }: Made, now = new Date()) {
  const followed = new HubFolder({
    folder,
    prepare: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  await followed.synced;
  await followed.close();
  return identify(authorization, "qnib/bench", {
    ...rules([]),
    credentials: followed.content?.credentials ?? new Credentials([]),
    now,
  });
}

describe("create", () => {
  test("writes a file with the hash alone, and prints the secret once, with the lines for clients", async () => {
    const ran = await credentials(
      ...["create", "login", "--machine-type", "type1", "--username", "qnib-type1", "--server", "hub.qnib.org:5000"],
      ...["--repository", "qnib/*", "--repository", "library/bench"],
    );
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    const secrets = ran.stdout.match(/mh_[A-Za-z0-9_-]{43}/g) ?? [];
    expect(secrets).toHaveLength(1);
    const [secret = ""] = secrets;
    expect(await read("login.yaml")).toBe(`apiVersion: metahub.dev/v1alpha1
kind: MachineCredential
metadata:
  name: login
spec:
  machineType: type1
  username: qnib-type1
  secretHash: ${hashOfSecret(secret)}
  repositories:
    - qnib/*
    - library/bench
`);
    expect(await readdir(folder)).toEqual(["login.yaml"]);
    const header = `Authorization = "Basic ${Buffer.from(`qnib-type1:${secret}`).toString("base64")}"`;
    for (const line of [
      "  docker login --username qnib-type1 hub.qnib.org:5000",
      "  podman login --username qnib-type1 hub.qnib.org:5000",
      "  apptainer registry login --username qnib-type1 docker://hub.qnib.org:5000",
      `  server = "https://hub.qnib.org:5000"\n  [header]\n    ${header}`,
      `  [host."https://hub.qnib.org:5000"]\n    capabilities = ["pull", "resolve"]`,
      `    [host."https://hub.qnib.org:5000".header]\n      ${header}`,
      "--docker-server=hub.qnib.org:5000",
    ]) {
      expect(ran.stdout).toContain(line);
    }
  });

  test("makes a login that the registry takes, until it expires", async () => {
    const login = await made("create", "login", "--machine-type", "type1", "--expires", "90d");
    expect(login).toMatchObject({
      name: "login",
      machineType: "type1",
      username: "type1",
      file: join(folder, "login.yaml"),
    });
    expect(login).not.toHaveProperty("secretHash");
    expect(await whoIs(login)).toMatchObject({ identity: { kind: "machineType", name: "type1" } });
    const day = 86_400_000;
    expect(await whoIs(login, new Date(Date.now() + 89 * day))).toHaveProperty("identity");
    expect(await whoIs(login, new Date(Date.now() + 91 * day))).toMatchObject({ refused: "basic", expired: true });
    expect(await whoIs(await made("create", "mirror", "--unfiltered"))).toMatchObject({
      identity: { kind: "unfiltered" },
    });
  });

  test("overwrites nothing, and takes no name twice", async () => {
    await writeFile(join(folder, "login.yaml"), "# mine\n");
    const create = (...args: string[]) => credentials("create", ...args, "--machine-type", "type1");
    const there = await create("login");
    expect([there.code, there.stdout]).toEqual([1, ""]);
    expect(there.stderr).toMatch(/^metahub: .*login.yaml: is there already, and is not overwritten\n$/);
    expect(await read("login.yaml")).toBe("# mine\n");
    expect((await create("login", "--file", join(folder, "other.yaml"))).code).toBe(0);
    const twice = await create("login", "--file", join(folder, "third.yaml"));
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining("other.yaml; rotate it")]);
    expect(await readdir(folder)).toEqual(["login.yaml", "other.yaml"]);
  });

  test.each([
    ["neither a machine type nor unfiltered", ["x"], /--machine-type NAME, or --unfiltered/],
    ["both", ["x", "--machine-type", "a", "--unfiltered"], /--machine-type NAME, or --unfiltered/],
    ["a user name with a colon", ["x", "--unfiltered", "--username", "a:b"], /spec.username: .*without ":"/],
    ["a pattern that is none", ["x", "--unfiltered", "--repository", "a*"], /spec.repositories\[0\]/],
    ["a name that leads elsewhere", ["../x", "--unfiltered"], /metadata.name/],
    ["a time that is none", ["x", "--unfiltered", "--expires", "soon"], /such as 90d/],
    ["a server with a path", ["x", "--unfiltered", "--server", 'h"/x'], /a host was expected/],
    ["no name", ["--unfiltered"], /missing required argument 'name'/],
  ])("%s is a mistake of usage, and nothing is written", async (_, args, message) => {
    const ran = await credentials("create", ...args);
    expect([ran.code, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toMatch(message);
    expect(await readdir(folder)).toEqual([]);
  });

  test("one user name has so many credentials, and no more", async () => {
    const one = (n: number) =>
      `apiVersion: metahub.dev/v1alpha1\nkind: MachineCredential\nmetadata: {name: c${n}}\nspec: {machineType: type1, secretHash: ${hashOfSecret(`${n}`)}}\n`;
    await writeFile(join(folder, "all.yaml"), Array.from({ length: 16 }, (_, n) => one(n)).join("---\n"));
    const ran = await credentials("create", "more", "--machine-type", "type1");
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/user name type1 would have more than 16/)]);
    expect((await credentials("create", "more", "--machine-type", "type1", "--username", "other")).code).toBe(0);
  });
});

const kept = `# The hub's machines.
apiVersion: metahub.dev/v1alpha1
kind: MachineType
metadata: {name: type1}
spec: {nodeSelector: {matchLabels: {pool: a}}}
---
apiVersion: metahub.dev/v1alpha1
kind: MachineCredential
metadata:
  name: login # of the login nodes
spec:
    machineType:   type1
    secretHash: ${hashOfSecret("mh_former")}
    # renewed in June
    expires: 2099-06-01T00:00:00Z # as agreed
---
apiVersion: v1
kind: List
items:
- apiVersion: metahub.dev/v1alpha1
  kind: MachineCredential
  metadata: {name: mirror}
  spec: {unfiltered: true, secretHash: '${hashOfSecret("mh_mirror")}'} # syncs at night
`;
const former = { secret: "mh_former", authorization: `Basic ${Buffer.from("type1:mh_former").toString("base64")}` };

describe("with a file that people keep", () => {
  beforeEach(() => writeFile(join(folder, "hub.yaml"), kept, { mode: 0o640 }));

  test("revoke adds one line, and the login counts no more", async () => {
    expect(await whoIs(former)).toHaveProperty("identity");
    const ran = await credentials("revoke", "login");
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    expect(ran.stdout).toMatch(/^login is revoked \(.*hub.yaml\)\n$/);
    const text = await read("hub.yaml");
    const added = /\n {4}revoked: '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ'(?=\n---)/;
    expect(text).toMatch(added);
    expect(text.replace(added, "")).toBe(kept);
    expect((await stat(join(folder, "hub.yaml"))).mode & 0o777).toBe(0o640);
    expect(await whoIs(former)).toMatchObject({ refused: "basic", why: "revoked" });

    const earlier = text.replace(/revoked: '....-..-../, "revoked: '2026-01-02");
    await writeFile(join(folder, "hub.yaml"), earlier);
    const again = await credentials("revoke", "login");
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("was revoked before")]);
    expect(await read("hub.yaml")).toBe(earlier);
  });

  test("create tells where the folder's machine types have another name", async () => {
    const told = await credentials("create", "typo", "--machine-type", "type7");
    expect([told.code, told.stderr]).toEqual([0, `metahub: there is no MachineType type7 in ${folder} yet\n`]);
    expect(await credentials("create", "right", "--machine-type", "type1")).toMatchObject({ code: 0, stderr: "" });
  });

  test("revoke reaches an item of a list", async () => {
    expect((await credentials("revoke", "mirror")).code).toBe(0);
    expect(await read("hub.yaml")).toMatch(
      / {2}spec: \{unfiltered: true, secretHash: '.*', revoked: '.*'\} # syncs at night\n$/,
    );
  });

  test("rotate makes a second secret, and the first one ends after the overlap", async () => {
    const second = await made("rotate", "login", "--overlap", "2d");
    expect(second).toMatchObject({
      name: "login-r2",
      former: "login",
      username: "type1",
      expires: "2099-06-01T00:00:00Z",
    });
    expect(await readdir(folder)).toEqual(["hub.yaml", "login-r2.yaml"]);
    const ends = String(second["formerEnds"]);
    expect(await read("hub.yaml")).toBe(kept.replace("2099-06-01T00:00:00Z # as", `${ends} # as`));
    const days = (count: number) => new Date(Date.now() + count * 86_400_000);
    for (const login of [former, second]) expect(await whoIs(login, days(1))).toHaveProperty("identity");
    expect(await whoIs(former, days(3))).toMatchObject({ refused: "basic", expired: true });
    expect(await whoIs(second, days(3))).toMatchObject({ identity: { name: "type1" } });

    const third = await made("rotate", "login-r2", "--overlap", "0d", "--expires", "30d");
    expect(third["name"]).toBe("login-r3");
    expect(await whoIs(second)).toMatchObject({ expired: true });
    const ended = await credentials("rotate", "login-r2");
    expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining("login-r2 is expired; create another one")]);
    const revoked = await credentials("revoke", "login-r3");
    expect(revoked.stdout).toContain("the same user name still has: login\n");
  });

  test("rotate never makes the first one last longer, and takes none that was revoked", async () => {
    const expires = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, "Z");
    await writeFile(join(folder, "hub.yaml"), kept.replace("2099-06-01T00:00:00Z", expires));
    expect(await made("rotate", "login", "--overlap", "7d")).toMatchObject({ formerEnds: expires, expires });
    expect(await read("hub.yaml")).toContain(`expires: ${expires} # as agreed`);
    await credentials("revoke", "mirror");
    const ran = await credentials("rotate", "mirror");
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("mirror is revoked; create another one")]);
  });

  test("rotate that cannot end the first one makes no second", async () => {
    // A draft beside it would have a name that is too long.
    const long = `${"a".repeat(240)}.yaml`;
    await rename(join(folder, "hub.yaml"), join(folder, long));
    const ran = await credentials("rotate", "login");
    expect([ran.code, ran.stdout]).toEqual([1, ""]);
    expect(await readdir(folder)).toEqual([long]);
  });

  test("list tells of all of them", async () => {
    await credentials("revoke", "mirror");
    const { code, stdout } = await credentials("list");
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["NAME", "USER", "TYPE", "EXPIRES", "STATE"],
      ["login", "type1", "type1", "2099-06-01T00:00:00Z", "active"],
      ["mirror", "mirror", "(unfiltered)", "never", "revoked"],
      [""],
    ]);
    const json = await credentials("list", "-o", "json");
    expect(JSON.parse(json.stdout)).toMatchObject([{ name: "login", state: "active" }, { name: "mirror" }]);
  });

  test.each(["revoke", "rotate"])("%s of a name that is not there fails", async (verb) => {
    const ran = await credentials(verb, "none");
    expect([ran.code, ran.stdout]).toEqual([1, ""]);
    expect(ran.stderr).toBe(`metahub: no MachineCredential none in ${folder}\n`);
  });
});

test("a folder that is not there fails, and so do flags that do not say one place", async () => {
  const ran = await metahub(["credentials", "list", "--inventory", join(folder, "none")]);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("no such file or folder")]);
  const both = ["credentials", "list", "--inventory", folder, "--namespace", "hpc"];
  const file = ["credentials", "create", "x", "--unfiltered", "--namespace", "hpc", "--file", "x.yaml"];
  const context = ["credentials", "list", "--inventory", folder, "--context", "c"];
  for (const args of [both, file, context, ["credentials", "create", "x", "--unfiltered"]]) {
    const { code, stdout, stderr } = await metahub(args);
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining("--inventory")]);
  }
});
