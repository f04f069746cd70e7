import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CertificateFiles } from "./files.ts";
import { createAuthority, issue, type KeyPair } from "./issue.ts";
import type { ServingCertificate } from "./source.ts";

let folder = "";
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-files-"));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await rm(folder, { recursive: true, force: true });
});

async function pair(): Promise<KeyPair> {
  const now = new Date();
  const authority = await createAuthority({ name: "test", now, lifetimeMs: 3_600_000 });
  return issue({ authority, hosts: ["localhost"], now, lifetimeMs: 3_600_000 });
}

async function write(to: string, { certificate, key }: KeyPair): Promise<void> {
  await mkdir(to, { recursive: true });
  await writeFile(join(to, "tls.crt"), certificate);
  await writeFile(join(to, "tls.key"), key);
}

function files(at = folder, pollMs?: number): CertificateFiles {
  const names = { certificateFile: join(at, "tls.crt"), keyFile: join(at, "tls.key") };
  return new CertificateFiles(pollMs === undefined ? names : { ...names, pollMs });
}

/** Starts the watch; `next` resolves with the next thing it tells. */
function follow(source: CertificateFiles) {
  const controller = new AbortController();
  let told = Promise.withResolvers<ServingCertificate | Error>();
  const tell = (what: ServingCertificate | Error) => {
    told.resolve(what);
    told = Promise.withResolvers();
  };
  const ended = source.watch({ signal: controller.signal, install: tell, report: tell });
  ends.push(async () => {
    controller.abort();
    await ended;
  });
  return () => told.promise;
}

describe("CertificateFiles", () => {
  test("reads the pair", async () => {
    const made = await pair();
    await write(folder, made);
    expect(await files().obtain(new AbortController().signal)).toMatchObject({ cert: made.certificate, key: made.key });
  });

  test.each([
    ["a missing file", async () => undefined, /cannot read the certificate file .*tls/],
    [
      "a key of another certificate",
      async () => write(folder, { ...(await pair()), key: (await pair()).key }),
      /do not hold/,
    ],
    ["text that is no certificate", async () => write(folder, { certificate: "a", key: "b" }), /do not hold/],
  ])("says what is wrong with %s", async (_, prepare, message) => {
    await prepare();
    const obtained = files().obtain(new AbortController().signal);
    await expect(obtained).rejects.toMatchObject({ code: "FILES_UNREADABLE", message: expect.stringMatching(message) });
  });

  test("takes up files that are written anew, and reports half a pair", async () => {
    await write(folder, await pair());
    const source = files();
    await source.obtain(new AbortController().signal);
    const next = follow(source);
    const made = await pair();
    const half = next();
    await writeFile(join(folder, "tls.crt"), made.certificate);
    expect(await half).toMatchObject({ code: "FILES_UNREADABLE" });
    const whole = next();
    await writeFile(join(folder, "tls.key"), made.key);
    expect(await whole).toMatchObject({ cert: made.certificate });
  });

  test("takes up a mounted Secret, whose folder kubelet swaps by renaming a link", async () => {
    const [first, second] = [await pair(), await pair()];
    await write(join(folder, "..1"), first);
    await symlink("..1", join(folder, "..data"));
    for (const name of ["tls.crt", "tls.key"]) await symlink(join("..data", name), join(folder, name));
    const source = files();
    await source.obtain(new AbortController().signal);
    const changed = follow(source)();
    await write(join(folder, "..2"), second);
    await symlink("..2", join(folder, "..data_tmp"));
    await rename(join(folder, "..data_tmp"), join(folder, "..data"));
    expect(await changed).toMatchObject({ cert: second.certificate });
  });

  test("takes up changes that the file system tells nothing of", async () => {
    const [first, second] = [await pair(), await pair()];
    await mkdir(join(folder, "links"));
    await write(join(folder, "elsewhere"), first);
    for (const name of ["tls.crt", "tls.key"])
      await symlink(join("..", "elsewhere", name), join(folder, "links", name));
    const source = files(join(folder, "links"), 20);
    await source.obtain(new AbortController().signal);
    const next = follow(source);
    let told = next();
    await write(join(folder, "elsewhere"), second);
    let what = await told;
    while (what instanceof Error) {
      told = next();
      what = await told;
    }
    expect(what).toMatchObject({ cert: second.certificate });
  });
});
