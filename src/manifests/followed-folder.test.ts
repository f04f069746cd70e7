import { writeFileSync } from "node:fs";
import { mkdir, mkdtemp, open, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { FollowedFolder, type FollowedFolderOptions } from "./followed-folder.ts";

// They wait for readings, which come at once or never.
vi.setConfig({ testTimeout: 15_000 });

let root: string;
let followed: FollowedFolder | undefined;
/** No test but those about looking may be helped by a look. */
const clock = new ManualClock();
const errors: unknown[] = [];
let names: readonly string[] = [];
let readings = 0;
let tell = Promise.withResolvers<void>();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "metahub-followed-"));
  errors.length = 0;
  names = [];
  readings = 0;
});
afterEach(async () => {
  await followed?.close();
  await rm(root, { recursive: true, force: true });
});

const told = (): void => {
  readings += 1;
  tell.resolve();
  tell = Promise.withResolvers();
};
async function follow(folder: string, more: Partial<FollowedFolderOptions> = {}): Promise<void> {
  followed = new FollowedFolder({
    folder,
    take: (manifests) => {
      names = manifests.map(({ object }) => JSON.stringify(object["name"]).replaceAll('"', ""));
      told();
    },
    onError: (error) => {
      errors.push(error);
      told();
    },
    clock,
    ...more,
  });
  await followed.synced;
  await until(() => readings >= 2); // The second reading, once the watch is there.
  await looked();
}
/** Resolves once nothing is left to do: looks come after all that was begun before. */
async function looked(): Promise<void> {
  await clock.timer(() => true);
  await clock.advance(2_000);
  await clock.timer(() => true);
}
async function until(right: () => boolean): Promise<void> {
  while (!right()) await tell.promise;
}
const manifest = (name: string): string => `{apiVersion: v1, kind: X, name: ${name}}\n`;
async function folderWith(path: string, ...each: readonly string[]): Promise<string> {
  await mkdir(join(root, path), { recursive: true });
  for (const name of each) await writeFile(join(root, path, `${name}.yaml`), manifest(name));
  return join(root, path);
}
/** As git-sync and the kubelet swap links: a new one is renamed over the old one. */
async function swap(link: string, target: string): Promise<void> {
  await symlink(target, join(root, `${link}.new`));
  await rename(join(root, `${link}.new`), join(root, link));
}

test("a link that is swapped leads to the new folder, and is followed from then on", async () => {
  await folderWith("worktrees/one/hub", "one");
  await folderWith("worktrees/two/hub", "two");
  await symlink("worktrees/one", join(root, "current"));
  await follow(join(root, "current/hub"));
  expect(names).toEqual(["one"]);
  await swap("current", "worktrees/two");
  await until(() => names.join() === "two");
  await writeFile(join(root, "worktrees/two/hub/more.yaml"), manifest("more"));
  await until(() => names.join() === "more,two");
  await swap("current", join(root, "worktrees/one"));
  await until(() => names.join() === "one");
  expect(errors).toEqual([]);
});

test("a folder that another one is moved to the place of is read and followed", async () => {
  const folder = await folderWith("hub", "one");
  await follow(folder);
  await folderWith("next", "two");
  await rename(folder, join(root, "old"));
  await rename(join(root, "next"), folder);
  await until(() => names.join() === "two");
  await writeFile(join(folder, "more.yaml"), manifest("more"));
  await until(() => names.join() === "more,two");
});

test("a folder that is away for a while is told of once, and read when it is back", async () => {
  const folder = await folderWith("hub", "one");
  await follow(folder);
  await rename(folder, join(root, "away"));
  await until(() => errors.length > 0);
  await looked();
  expect(errors).toEqual([expect.objectContaining({ code: "UNREADABLE" })]);
  expect(names).toEqual(["one"]);
  await writeFile(join(root, "away/two.yaml"), manifest("two"));
  await rename(join(root, "away"), folder);
  await until(() => names.join() === "one,two");
});

test("a mounted ConfigMap is read when its data are swapped", async () => {
  await folderWith("mount/..one", "a");
  await folderWith("mount/..two");
  await writeFile(join(root, "mount/..two/a.yaml"), manifest("b"));
  await symlink("..one", join(root, "mount/..data"));
  await symlink("..data/a.yaml", join(root, "mount/a.yaml"));
  await follow(join(root, "mount"));
  expect(names).toEqual(["a"]);
  await swap("mount/..data", "..two");
  await until(() => names.join() === "b");
});

test("whoever writes without a pause puts nothing off", async () => {
  const folder = await folderWith("hub", "one");
  await follow(folder);
  let count = 0;
  const writer = setInterval(() => {
    count += 1;
    writeFileSync(join(folder, `noise-${count}.txt`), "");
  }, 2);
  try {
    await writeFile(join(folder, "two.yaml"), manifest("two"));
    await until(() => names.join() === "one,two" || errors.length > 0);
  } finally {
    clearInterval(writer);
  }
  expect([names, errors]).toEqual([["one", "two"], []]);
});

test("what no watch tells of is seen at the next look, and a look at the same reads nothing", async () => {
  // A file behind a link, which no watch of the folder reaches.
  const elsewhere = await folderWith("elsewhere", "one");
  const folder = await folderWith("hub");
  await symlink(join(elsewhere, "one.yaml"), join(folder, "linked.yaml"));
  let takes = 0;
  await follow(folder, {
    take: (manifests) => {
      takes += 1;
      names = manifests.map(({ object }) => String(object["name"]));
      told();
    },
  });
  const before = takes;
  for (let look = 0; look < 3; look += 1) await looked();
  expect(takes).toBe(before);
  await writeFile(join(elsewhere, "one.yaml"), manifest("other"));
  await clock.advance(2_000);
  await until(() => names.join() === "other");
});

test("a look at a file that is just being written anew waits for the rest of it", async () => {
  const elsewhere = await folderWith("elsewhere", "one");
  const folder = await folderWith("hub");
  await symlink(join(elsewhere, "one.yaml"), join(folder, "linked.yaml"));
  const seen: string[] = [];
  await follow(folder, {
    take: (manifests) => {
      names = manifests.map(({ object }) => String(object["name"]));
      seen.push(names.join());
      told();
    },
    settleMs: 500,
  });
  // No watch tells of it, so that the look comes upon the empty file.
  const file = await open(join(elsewhere, "one.yaml"), "w");
  await clock.advance(2_000);
  await clock.timer(() => true);
  await file.writeFile(manifest("whole"));
  await file.close();
  await clock.advance(2_000);
  await until(() => names.join() === "whole");
  expect(new Set(seen)).toEqual(new Set(["one", "whole"]));
});

test("a folder that changes while it is read is read again, so that no two states of it are mixed", async () => {
  const folder = await folderWith("hub", "one", "two");
  await follow(folder);
  // Bytes enough that a reading takes longer than the change.
  const padding = `# ${"x".repeat(8_000_000)}\n`;
  const seen = new Set<string>();
  const watching = (async () => {
    while (names.join() !== "c,c") {
      await tell.promise;
      seen.add(names.join());
    }
  })();
  for (const round of ["a", "b", "c"]) {
    await folderWith(`next-${round}`);
    for (const name of ["one", "two"]) {
      await writeFile(join(root, `next-${round}`, `${name}.yaml`), `${padding}${manifest(round)}`);
    }
    await rename(folder, join(root, `old-${round}`));
    await rename(join(root, `next-${round}`), folder);
  }
  await watching;
  for (const both of seen) expect(["one,two", "a,a", "b,b", "c,c"]).toContain(both);
});

test("files that come and go while the folder is read are no mistake of it", async () => {
  const folder = await folderWith("hub", "one");
  await follow(folder);
  // It is read within half a second, however busy it is.
  for (const before = readings; readings < before + 3; ) {
    const passing = Array.from({ length: 50 }, (_, index) => join(folder, `passing-${index}.yaml`));
    for (const file of passing) await writeFile(file, manifest("passing"));
    for (const file of passing) await rm(file);
  }
  await writeFile(join(folder, "two.yaml"), manifest("two"));
  await until(() => names.join() === "one,two");
  expect(errors.filter((error) => !String(error).includes("changes while it is read"))).toEqual([]);
});

test("nothing is read, and no timer runs, after the end", async () => {
  const folder = await folderWith("hub", "one");
  await follow(folder);
  await followed?.close();
  expect(clock.waits).toEqual([]);
  await writeFile(join(folder, "two.yaml"), manifest("two"));
  await followed?.close();
  expect(names).toEqual(["one"]);
});
