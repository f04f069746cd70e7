import { expect, test } from "vitest";
import type { ListedCredential } from "../../identity/listing.ts";
import { credentialJson, credentialTable } from "./table.ts";

const secretHash = `sha256:${"0".repeat(64)}`;
const credentials: readonly ListedCredential[] = [
  {
    id: "hpc/login-nodes-of-the-large-machine",
    username: "qnib-type1-login-nodes",
    spec: { machineType: "type1-with-a-long-name", secretHash, expires: "2027-06-01T00:00:00Z" },
    lastUsed: undefined,
    place: "a.yaml",
    state: "active",
  },
  {
    id: "mirror",
    username: "mirror",
    spec: { unfiltered: true, secretHash },
    lastUsed: undefined,
    place: "b.yaml",
    state: "revoked",
  },
];

test("fits 80 columns, and cuts names before it cuts when they end", () => {
  const lines = credentialTable(credentials, { width: 80, color: false }).split("\n");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines[0]?.split(/ +/)).toEqual(["NAME", "USER", "TYPE", "EXPIRES", "STATE"]);
  expect(lines[1]).toMatch(/^hpc\/login-nodes.*… {2}qnib-type1.*… {2}type1-.*… {2}2027-06-01T00:00:00Z {2}active$/);
  expect(lines[2]).toMatch(/^mirror +mirror +\(unfiltered\) +never +revoked$/);
});

test("in a pipe nothing is cut, and no hash is told", () => {
  const text = credentialTable(credentials, { width: undefined, color: false });
  expect(text).toContain("hpc/login-nodes-of-the-large-machine  qnib-type1-login-nodes  type1-with-a-long-name");
  const json = JSON.stringify(credentialJson(credentials, true));
  expect(json).toContain('"name":"mirror","unfiltered":true,"username":"mirror","state":"revoked","file":"b.yaml"');
  expect(text + json).not.toContain("sha256");
});

test("of a cluster it tells when each was used last, to the hour, in 80 columns too", () => {
  const used = credentials.map((one, row) => (row === 0 ? { ...one, lastUsed: "2026-11-29T18:04:05Z" } : one));
  const lines = credentialTable(used, { width: 80, color: false }).split("\n");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines[0]?.split(/ {2,}/)).toEqual(["NAME", "USER", "TYPE", "EXPIRES", "LAST USED", "STATE"]);
  expect(lines[1]).toMatch(/2027-06-01T00:00:00Z {2}2026-11-29T18Z {2}active$/);
  expect(lines[2]).toMatch(/never +unknown +revoked$/);
  expect(credentialJson(used, false)).toMatchObject([{ lastUsed: "2026-11-29T18:04:05Z" }, { name: "mirror" }]);
  expect(JSON.stringify(credentialJson(used, false))).not.toContain("file");
});
