import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { answerOf, parseFixture } from "../../test/support/hardware/fixture.ts";

const folder = fileURLToPath(new URL("../../test/fixtures/hosts", import.meta.url));
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => ({ name, ...parseFixture(readFileSync(join(folder, name), "utf8")) }));

describe("hosts of the real world", () => {
  test.each(fixtures.map((fixture) => [fixture.name, fixture] as const))("%s", (_, fixture) => {
    const { platform, features } = answerOf(fixture);
    expect(platform).toBe(fixture.expect.platform ?? platform);
    expect(features).toEqual(expect.arrayContaining(fixture.expect.features));
    expect(features.filter((feature) => fixture.expect.not.includes(feature))).toEqual([]);
  });

  test("are many, and most of them are machines' own words", () => {
    const own = fixtures.filter(({ madeUp }) => !madeUp);
    expect(own.length).toBeGreaterThanOrEqual(80);
    expect(own.length).toBeGreaterThan(fixtures.length / 2);
  });

  test("carry nothing that tells whose they are", () => {
    for (const { name, capture = "", node } of fixtures) {
      expect(`${capture}${JSON.stringify(node)}`, name).not.toMatch(/\b(serial|identification|hostname|uuid|mac)\b/i);
    }
  });
});
