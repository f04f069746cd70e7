import { expect, test } from "vitest";
import type { Tenant } from "./tenant.ts";
import { WaitingLine } from "./waiting-line.ts";

interface Waiter {
  readonly name: string;
  readonly tenant: Tenant | undefined;
}

function line(...waiters: readonly Waiter[]): WaitingLine<Waiter> {
  const made = new WaitingLine<Waiter>();
  for (const waiter of waiters) made.add(waiter);
  return made;
}

function drain(from: WaitingLine<Waiter>, mayGo: (waiter: Waiter) => boolean = () => true): string {
  const names: string[] = [];
  for (let next = from.take(mayGo); next !== undefined; next = from.take(mayGo)) names.push(next.name);
  return names.join(" ");
}

const [one, two] = [{}, {}];
const of = (namespace: string, review: object, ...names: readonly string[]): Waiter[] =>
  names.map((name) => ({ name, tenant: { namespace, review } }));

test("namespaces take turns, and the reviews of each", () => {
  const made = line(...of("a", one, "a1", "a2", "a3", "a4"), ...of("a", two, "A1", "A2"), ...of("b", one, "b1", "b2"));
  expect(drain(made)).toBe("a1 b1 A1 b2 a2 A2 a3 a4");
});

test("who may not go yet holds up nobody, and keeps its turn", () => {
  const made = line(...of("a", one, "a1", "a2"), ...of("b", one, "b1"), { name: "nobody", tenant: undefined });
  expect(drain(made, ({ name }) => name !== "a1" && name !== "b1")).toBe("a2 nobody");
  expect(drain(made)).toBe("b1 a1");
});

test("who left is not called", () => {
  const [first, second] = of("a", one, "a1", "a2");
  if (first === undefined || second === undefined) expect.unreachable("both were made");
  const made = line(first, second);
  made.remove(first);
  expect(drain(made)).toBe("a2");
  made.remove(second);
  expect(drain(made)).toBe("");
});
