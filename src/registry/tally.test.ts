import { expect, test } from "vitest";
import { Tally } from "./tally.ts";
import type { Tenant } from "./tenant.ts";

/** How many of 64 each of them gets who take as long as they may, in turns. */
function shares(tenants: readonly (Tenant | undefined)[]): number[] {
  const tally = new Tally();
  const taken = tenants.map(() => 0);
  for (;;) {
    const before = tally.total;
    tenants.forEach((tenant, at) => {
      if (!tally.fits(64, tenant)) return;
      tally.add(tenant);
      taken[at] = (taken[at] ?? 0) + 1;
    });
    if (tally.total === before) return taken;
  }
}

const many = (count: number, make: (n: number) => Tenant): Tenant[] => Array.from({ length: count }, (_, n) => make(n));

test("one review takes a third, one namespace half, and every further namespace finds something left", () => {
  const own = (n: number): Tenant => ({ namespace: "a", review: { n } });
  expect(shares([own(0)])).toEqual([22]);
  expect(shares(many(40, own)).reduce((sum, each) => sum + each)).toBe(32);
  for (const count of [1, 2, 3, 7, 20, 63]) {
    const tally = new Tally();
    const greedy = Array.from({ length: count }, (_, n) => many(64, (m) => ({ namespace: `n${n}`, review: { m } })));
    for (let round = 0; round < 64; round += 1) {
      for (const reviews of greedy) {
        const next = reviews[round];
        if (tally.fits(64, next)) tally.add(next);
      }
    }
    expect(tally.fits(64, { namespace: "victim", review: {} }), `${count} namespaces`).toBe(true);
  }
});

test("who shares with nobody may take all", () => {
  expect(shares([undefined])).toEqual([64]);
});

test("what was given back is forgotten", () => {
  const tally = new Tally();
  const tenant = { namespace: "a", review: {} };
  for (let times = 0; times < 1_000; times += 1) {
    expect(tally.fits(1, tenant)).toBe(true);
    tally.add(tenant);
    expect(tally.fits(1, tenant)).toBe(false);
    tally.remove(tenant);
  }
  expect(tally.total).toBe(0);
});
