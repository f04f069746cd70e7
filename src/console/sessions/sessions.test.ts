import { expect, test } from "vitest";
import { MemoryPlace } from "../../../test/support/console/memory-backend.ts";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import type { Person } from "../backend.ts";
import { Sessions } from "./sessions.ts";

const minute = 60_000;
const place = new MemoryPlace();

function open() {
  const clock = new ManualClock();
  const counts: number[] = [];
  const sessions = new Sessions({
    idleMs: 30 * minute,
    longestMs: 720 * minute,
    clock,
    onError: (error) => expect.fail(String(error)),
    changed: (count) => counts.push(count),
  });
  const begin = (name = "anna", until?: Date) => {
    const person: Person = { kind: "user", name };
    return sessions.begin({ person, backend: place.backend(person), until });
  };
  return { clock, sessions, begin, counts };
}

test("a session that is used stays, and ends after twelve hours all the same", async () => {
  const { clock, sessions, begin } = open();
  const { id, session } = begin();
  for (let count = 0; count < 24; count++) {
    expect(sessions.use(id)).toBe(session);
    await clock.advance(29 * minute);
  }
  expect(sessions.use(id)).toBe(session);
  await clock.advance(24 * minute);
  expect([sessions.use(id), session.over.aborted, sessions.size]).toEqual([undefined, true, 0]);
});

test("half an hour without a request ends it", async () => {
  const { clock, sessions, begin } = open();
  const { id, session } = begin();
  await clock.advance(30 * minute - 1);
  expect(sessions.use(id)).toBe(session);
  await clock.advance(30 * minute);
  expect([sessions.use(id), session.over.aborted]).toEqual([undefined, true]);
});

test("what a page asks by itself counts as long ago as somebody touched it, and a look counts nothing", async () => {
  const { clock, sessions, begin } = open();
  const [anna, bert] = [begin("anna"), begin("bert")];
  await clock.advance(20 * minute);
  expect(sessions.use(anna.id, 5 * minute)).toBe(anna.session);
  expect(sessions.use(bert.id, Number.POSITIVE_INFINITY)).toBe(bert.session);
  // Nothing that was said earlier is taken back.
  expect(sessions.use(anna.id, 60 * minute)).toBe(anna.session);
  await clock.advance(10 * minute);
  expect([sessions.use(anna.id, 15 * minute), sessions.use(bert.id)]).toEqual([anna.session, undefined]);
  await clock.advance(15 * minute);
  expect(sessions.use(anna.id)).toBeUndefined();
});

test("it ends with the token that it was begun with", async () => {
  const { clock, sessions, begin } = open();
  const { id, session } = begin("anna", new Date(clock.wall().getTime() + minute));
  expect(session.ends.getTime() - clock.wall().getTime()).toBe(minute);
  await clock.advance(minute);
  expect(sessions.use(id)).toBeUndefined();
});

test("each has an id and a token of its own, of 256 bits, and another id is nobody's", () => {
  const { sessions, begin } = open();
  const all = Array.from({ length: 8 }, () => begin());
  const texts = all.flatMap(({ id, session }) => [id, session.csrf]);
  expect(new Set(texts).size).toBe(16);
  for (const text of texts) expect(Buffer.from(text, "base64url")).toHaveLength(32);
  expect([sessions.use(""), sessions.use("x".repeat(43)), sessions.use(all[0]?.session.csrf ?? "")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a seventeenth session of one person ends their oldest, and nobody else's", () => {
  const { sessions, begin } = open();
  const bert = begin("bert");
  const own = Array.from({ length: 17 }, () => begin());
  expect([sessions.use(bert.id), sessions.size]).toEqual([bert.session, 17]);
  expect(own.map(({ session }) => session.over.aborted)).toEqual([true, ...Array.from({ length: 16 }, () => false)]);
});

test("where too many people are signed in, the one that was idle longest is signed out", () => {
  const { sessions, begin } = open();
  const [first, second] = [begin("first"), begin("second")];
  for (let count = 2; count < 4_096; count++) begin(`p${count}`);
  sessions.use(first.id);
  begin("more");
  expect([sessions.size, sessions.use(first.id), sessions.use(second.id)]).toEqual([4_096, first.session, undefined]);
});

test("those that may not stay are ended, and all at the end", async () => {
  const { sessions, begin, counts } = open();
  const [anna, bert] = [begin("anna"), begin("bert")];
  sessions.sweep(({ name }) => name !== "bert");
  expect([anna.session.over.aborted, bert.session.over.aborted]).toEqual([false, true]);
  expect(place.closed.slice(-1)).toEqual(["bert"]);
  sessions.endAll();
  expect([anna.session.over.aborted, counts]).toEqual([true, [1, 2, 1, 0]]);
});
