import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

test("the webhook is asked about a change of every annotation that it reads", () => {
  const keys = [...read("src/api/pod-keys.ts").matchAll(/Annotation = `\$\{prefix\}([a-z-]+)`/g)].map(([, key]) => key);
  const [, list = ""] = /:= list ((?:"[a-z-]+" )*"[a-z-]+")( }})/.exec(conditions()) ?? [];
  expect([...list.matchAll(/"([a-z-]+)"/g)].map(([, key]) => key).toSorted()).toEqual(keys.toSorted());
  expect(keys.length).toBeGreaterThan(3);
});

/** The conditions on which the mutating webhook is called. */
function conditions(): string {
  const [, text = ""] = read("charts/metahub/templates/webhook/configuration.yaml").split("matchConditions:");
  return text;
}
