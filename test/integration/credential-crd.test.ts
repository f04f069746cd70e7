import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseMachineCredential } from "../../src/api/parse-machine-credential.ts";
import { requireLevel } from "../cluster/require.ts";
import { badMachineCredentials, credentialManifest, rightHash } from "../support/bad-machine-credentials.ts";
import { adminWitness, patchAs, refusalOf, type Witness } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const crd = new URL("../../crds/metahub.dev_machinecredentials.yaml", import.meta.url);
const credentials = {
  group: "metahub.dev",
  version: "v1alpha1",
  plural: "machinecredentials",
  namespace: "default",
} as const;

const found = await requireLevel({ level: "api", signal: new AbortController().signal, progress, tools: ["kubectl"] });

describeWith(found, "the MachineCredential resource", (ready) => {
  const { cluster } = ready;
  let witness: Witness;

  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr, code } = await cluster.kubectl(args, { signal: AbortSignal.timeout(60_000) });
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  /** The API server's objection to the object; undefined where it takes it. Nothing is stored. */
  const refusal = async (manifest: unknown): Promise<string | undefined> => {
    const request = { ...credentials, body: Object(manifest), dryRun: "All" };
    const refused = await refusalOf(witness.custom.createNamespacedCustomObject(request));
    if (refused !== undefined) expect(["Invalid", "BadRequest"], refused.message).toContain(refused.reason);
    return refused?.message;
  };

  beforeAll(async () => {
    witness = adminWitness(cluster);
    await kubectl("apply", "--server-side", "-f", crd.pathname);
    await kubectl("wait", "--for=condition=Established", "crd/machinecredentials.metahub.dev", "--timeout=30s");
  });
  afterAll(async () => {
    await witness?.close();
    await cluster.stop();
  });

  test("keeps what was applied, reads back, and shows who uses it until when", async () => {
    const spec = {
      machineType: "type1",
      username: "qnib-type1",
      secretHash: rightHash,
      repositories: ["qnib/*"],
      expires: "2027-06-01T00:00:00Z",
    };
    const body = Object(credentialManifest(spec, "type1-login-nodes"));
    await witness.custom.createNamespacedCustomObject({ ...credentials, body });
    const target = { ...credentials, name: "type1-login-nodes" };
    const lastUsed = new Date(Date.now() - 3_600_000).toISOString();
    await witness.custom.patchNamespacedCustomObjectStatus(
      { ...target, body: { status: { lastUsed } } },
      patchAs.merge,
    );
    const read = parseMachineCredential(await witness.custom.getNamespacedCustomObject(target));
    expect(read).toMatchObject({ spec, metadata: { namespace: "default" }, status: { lastUsed } });
    const [header, row] = (await kubectl("get", "mcred")).split("\n").map((line) => line.split(/\s{2,}/));
    expect(header).toEqual(["NAME", "MACHINE TYPE", "USER", "EXPIRES", "LAST USED", "AGE"]);
    expect(row?.slice(0, 4)).toEqual(["type1-login-nodes", "type1", "qnib-type1", "2027-06-01T00:00:00Z"]);
    expect(row?.[4]).toMatch(/^(60|61)m$/);
  });

  test.each(badMachineCredentials)("refuses $name", async ({ spec, field, shows }) => {
    const message = await refusal(credentialManifest(spec));
    expect(message).toContain(field);
    expect(message).toContain(shows);
  });

  test("refuses exactly what the offline parser refuses", async () => {
    const parsed = (manifest: unknown): boolean => {
      try {
        parseMachineCredential(manifest);
        return true;
      } catch {
        return false; // Which of the two is wrong is said below.
      }
    };
    const text = fc.oneof(fc.string({ maxLength: 12 }), fc.stringMatching(/^[a-z0-9._*/-]{0,12}$/));
    const two = (most: number) => fc.integer({ min: 0, max: most }).map((number) => String(number).padStart(2, "0"));
    const time = fc
      .tuple(fc.integer({ min: 1999, max: 2101 }), two(13), two(32), two(24), two(60), fc.constantFrom("Z", "z", ""))
      .map(([year, month, day, hour, minute, zone]) => `${year}-${month}-${day}T${hour}:${minute}:00${zone}`);
    const spec = fc.oneof(
      text.map((username) => ({ username })),
      fc.string({ unit: "binary", maxLength: 3 }).map((username) => ({ username })),
      text.map((repository) => ({ repositories: [repository] })),
      text.map((machineType) => ({ machineType })),
      time.map((expires) => ({ expires })),
      fc.constantFrom(1900, 2000, 2027, 2028, 2100).map((year) => ({ expires: `${year}-02-29T00:00:00Z` })),
    );
    const differences: unknown[] = [];
    for (const given of fc.sample(spec, { numRuns: 250, seed: 1 })) {
      const manifest = credentialManifest(given, "any");
      const message = await refusal(manifest);
      if ((message === undefined) !== parsed(manifest)) differences.push({ given, message });
    }
    expect(differences).toEqual([]);
  });
});
