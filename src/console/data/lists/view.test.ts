import { expect, test } from "vitest";
import { manifestList } from "../../contract/views.ts";
import { listView } from "./view.ts";

const listed = (digest: string) => {
  const image = "qnib/bench:zen";
  const list = { metadata: { name: "bench" }, spec: { image: "qnib/bench", manifests: [{ image }] } };
  return manifestList.parse(listView("ClusterManifestList", { ...list, status: { entries: [{ image, digest }] } }));
};

test.each([`sha256:${"a".repeat(64)}`, `sha512:${"a".repeat(128)}`])("an entry was found as %s", (digest) => {
  expect(listed(digest).entries[0]?.digest).toBe(digest);
});

test.each(["sha256:short", `md5:${"a".repeat(32)}`, "javascript:alert(1)"])(
  "%s is no digest, and is not shown",
  (text) => {
    expect(listed(text).entries[0]?.digest).toBeUndefined();
  },
);
