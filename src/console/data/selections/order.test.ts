import fc from "fast-check";
import { expect, test } from "vitest";
import type { SelectionView } from "../../contract/views.ts";
import type { KeptPod } from "./kept-pod.ts";
import { RowOrder, type SelectionGround } from "./order.ts";
import { SelectionRows } from "./rows.ts";

let made = 0;
const podOf = (name: string): KeptPod => {
  made += 1;
  const images = ["main", "side"].map((container) => ({ container, image: `image-${made}` }));
  return { namespace: "apps", name, created: "2026-01-01T00:00:00Z", rewrite: "enabled", final: false, images };
};
const viewsOf = ({ namespace, name, images }: KeptPod): SelectionView[] =>
  images.map(({ container, image }) => ({
    ...{ namespace, pod: name, container, asked: image, image, reason: "", at: "", state: "left" as const },
  }));
const ground: SelectionGround = { snapshot: undefined, namespaces: undefined };

/** Pods that come, change, go, and come back as they were. */
class Store {
  readonly pods = new Map<string, KeptPod>();
  readonly #taken = new Map<string, KeptPod>();

  readonly changes: Readonly<Record<"put" | "take" | "back", (name: string) => void>> = {
    put: (name) => this.pods.set(name, podOf(name)),
    take: (name) => {
      const former = this.pods.get(name);
      if (former !== undefined) this.#taken.set(name, former);
      this.pods.delete(name);
    },
    back: (name) => {
      const former = this.#taken.get(name);
      if (former !== undefined) this.pods.set(name, former);
    },
  };

  /** As it would be made anew. */
  get views(): readonly SelectionView[] {
    const key = ({ pod, container }: SelectionView): string => `${pod}/${container}`;
    return [...this.pods.values()].flatMap(viewsOf).sort((left, right) => (key(left) < key(right) ? -1 : 1));
  }
}

test("after any changes the rows are those that would be made anew, in their order", () => {
  const name = fc.integer({ min: 0, max: 12 }).map(String);
  const change = fc.tuple(fc.constantFrom("put" as const, "take" as const, "back" as const), name);
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 12 }), (rounds) => {
      const order = new RowOrder(viewsOf);
      const store = new Store();
      for (const [round, changes] of rounds.entries()) {
        for (const [what, of] of changes) store.changes[what](of);
        const views = order.sorted(store.pods.values(), ground, String(round)).map(({ view }) => view);
        expect(views).toEqual(store.views);
      }
    }),
    { numRuns: 200 },
  );
});

test("a row is made once, and again where its namespace is labelled otherwise", () => {
  let calls = 0;
  const order = new RowOrder((pod) => {
    calls += 1;
    return viewsOf(pod);
  });
  const pods = [podOf("a"), podOf("b")];
  const sorted = (version: string, rewrite: "enabled" | "disabled") =>
    order.sorted(pods, { ...ground, namespaces: new Map([["apps", { rewrite }]]) }, version);
  expect(sorted("1", "enabled")).toHaveLength(4);
  expect(sorted("2", "enabled")).toHaveLength(4);
  expect(calls).toBe(2);
  expect(sorted("3", "disabled")).toHaveLength(4);
  expect(calls).toBe(4);
});

test("people with other rights get rows of their own, also at the same version", () => {
  const rows = new SelectionRows();
  const pods = [{ ...podOf("a"), node: "node1", rewrite: "unsaid" as const }];
  const opted: SelectionGround = { snapshot: undefined, namespaces: new Map([["apps", { rewrite: "enabled" }]]) };
  expect(rows.page(pods, opted, { limit: 5 }, "1").total).toBe(2);
  expect(rows.page(pods, ground, { limit: 5 }, "1").total).toBe(0);
  expect(rows.page(pods, opted, { limit: 5 }, "1").total).toBe(2);
});
