import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { PathSegments } from "./path-segment.ts";
import { HttpServer } from "./server.ts";

const limits = { connections: 16, headersMs: 5_000, requestMs: 10_000, keepAliveMs: 1_000, silenceMs: 10_000 };
const [older, newer] = ["5f".repeat(32), "a0".repeat(32)];
let server: HttpServer | undefined;
afterEach(() => server?.close(0));

async function start(segments = new PathSegments([older, newer])): Promise<number> {
  const listener = segments.guard(({ url }, response) => void response.end(url));
  server = new HttpServer({ listener, limits, log: pino({ level: "silent" }) });
  return await server.listen(0, "127.0.0.1");
}

test.each([
  [`/${older}/mutate/pods?timeout=5s`, 200, "/mutate/pods?timeout=5s"],
  [`/${newer}/mutate/pods`, 200, "/mutate/pods"],
  ["/mutate/pods", 404, "nothing is answered here\n"],
  ["/", 404, "nothing is answered here\n"],
  [`/${older}0/mutate/pods`, 404, "nothing is answered here\n"],
  [`/${older.slice(1)}/mutate/pods`, 404, "nothing is answered here\n"],
  [`/x/${older}/mutate/pods`, 404, "nothing is answered here\n"],
  [`/?${older}/mutate/pods`, 404, "nothing is answered here\n"],
  [`/${older}${"0".repeat(4_000)}/mutate/pods`, 404, "nothing is answered here\n"],
])("%s is answered with %i", async (path, status, said) => {
  const response = await fetch(`http://127.0.0.1:${await start()}${path}`, { method: "POST", body: "x" });
  expect([response.status, await response.text()]).toEqual([status, said]);
});

test("another path is refused before a byte of the body is there", async () => {
  const socket = connect({ host: "127.0.0.1", port: await start() });
  socket.write("POST /mutate/pods HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 404 /);
  socket.destroy();
});

test("tells whether it knows a segment by its hash alone, and of each request that it refuses", async () => {
  let refused = 0;
  const segments = new PathSegments([older], { onRefused: () => refused++ });
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  expect([older, newer, hash(older), hash(newer), hash("")].map((text) => segments.knows(text))).toEqual([
    false,
    false,
    true,
    false,
    false,
  ]);
  const place = `http://127.0.0.1:${await start(segments)}`;
  for (const path of [`/${older}/x`, `/${newer}/x`, "/x"]) await (await fetch(place + path)).text();
  expect(refused).toBe(2);
});

test("segments change while the server goes on, and an empty one is a path without", async () => {
  const segments = new PathSegments([older]);
  const place = `http://127.0.0.1:${await start(segments)}`;
  const answers = async (): Promise<readonly number[]> => {
    const paths = [`/${older}/mutate/pods`, `/${newer}/mutate/pods`, "/mutate/pods"];
    return await Promise.all(paths.map(async (path) => (await fetch(place + path, { method: "POST" })).status));
  };
  expect(await answers()).toEqual([200, 404, 404]);
  segments.set([newer, older]);
  expect(await answers()).toEqual([200, 200, 404]);
  segments.set([newer, ""]);
  const bare = await fetch(`${place}/mutate/pods?timeout=5s`, { method: "POST" });
  expect([bare.status, await bare.text()]).toEqual([200, "/mutate/pods?timeout=5s"]);
  segments.set([]);
  expect(await answers()).toEqual([404, 404, 404]);
});
