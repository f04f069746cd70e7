import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { computeDigest } from "../oci/digest.ts";
import { ociIndex } from "../oci/media-types.ts";
import type { ProxyError } from "./error.ts";
import { type LedLine, ledForm } from "./led-line.ts";
import { type ListIndex, sourceOf } from "./list-index.ts";
import { ListRecord } from "./list-record.ts";
import type { SharedRecord } from "./shared-record.ts";

const hour = 3_600_000;
const name = "docker.io/team/app";
const noon = Date.parse("2026-11-29T12:00:00Z");
const fail = (error: ProxyError): void => {
  throw error;
};

/** An index with a text of its own, one of whose builds lies elsewhere. */
function state(text: string, source = "ghcr.io/gpu/app"): ListIndex {
  const bytes = Buffer.from(JSON.stringify({ text }));
  const manifest = { bytes, mediaType: ociIndex, size: bytes.length, digest: computeDigest(bytes) };
  return { manifest, sources: new Map([[`sha256:${text}`, sourceOf(source)]]) };
}

/** Lines that several records share. */
class Lines implements SharedRecord<LedLine> {
  readonly place = "the record";
  readonly lines: string[] = [];
  broken = false;

  async add(all: readonly LedLine[]): Promise<void> {
    if (this.broken) throw new Error("no space left");
    this.lines.push(...all.map((line) => ledForm.write(line)));
  }

  async read(): Promise<readonly LedLine[]> {
    if (this.broken) throw new Error("cannot be read");
    return this.lines.flatMap((line) => ledForm.read(line) ?? []);
  }
}

/** Records of two processes, each with a clock of its own. */
function setUp(onError: (error: ProxyError) => void = fail) {
  const record = new Lines();
  const clocks = [noon, noon];
  const open = (index: number) => new ListRecord({ record, onError, now: () => clocks[index] ?? 0 });
  const pass = (ms: number): void => void clocks.splice(0, 2, ...clocks.map((at) => at + ms));
  return { record, clocks, pass, own: open(0), other: open(1) };
}
const shown = (states: ReturnType<ListRecord["of"]>) =>
  states.map(({ manifest, sources }) => [
    JSON.parse(Buffer.from(manifest.bytes).toString()).text,
    [...sources].map(([digest, source]) => [digest, source.name]),
  ]);

test("what one process was led to, another one knows: the same bytes, and where the builds are", async () => {
  const { own, other } = setUp();
  const made = state("one");
  await own.remember(name, made);
  expect(other.of(name)).toEqual([]);
  expect(await other.read()).toBe(true);
  expect(shown(other.of(name))).toEqual([["one", [["sha256:one", "ghcr.io/gpu/app"]]]]);
  expect(other.of(name)[0]?.manifest.digest).toBe(made.manifest.digest);
  expect(other.of("docker.io/team/other")).toEqual([]);
});

test("is written once an hour, whoever was led to it, and known for three hours after that", async () => {
  const { record, pass, own, other } = setUp();
  const made = state("one");
  await own.remember(name, made);
  await own.remember(name, state("one"));
  await other.read();
  await other.remember(name, made);
  expect(record.lines).toHaveLength(1);
  pass(hour);
  await other.remember(name, made);
  expect(record.lines).toHaveLength(2);
  pass(3 * hour - 1);
  expect([own.of(name), other.of(name).length]).toEqual([[], 1]);
  await own.read();
  expect(own.of(name)).toHaveLength(1);
  pass(1);
  expect([own.of(name), other.of(name)]).toEqual([[], []]);
  await other.read();
  expect(other.of(name)).toEqual([]);
});

test("is written at once where a build lies somewhere else than before, and the later word counts", async () => {
  const { record, pass, own, other } = setUp();
  await own.remember(name, state("one"));
  pass(1_000);
  await own.remember(name, state("one", "docker.io/gpu/moved"));
  expect(record.lines).toHaveLength(2);
  await other.read();
  expect(shown(other.of(name))).toEqual([["one", [["sha256:one", "docker.io/gpu/moved"]]]]);
});

test("a replica whose clock is some minutes ahead is believed as if it were now; a line of tomorrow is not", async () => {
  const { clocks, own, other } = setUp();
  clocks[0] = noon + 240_000;
  await own.remember(name, state("soon"));
  clocks[0] = noon + 24 * hour;
  await own.remember(name, state("tomorrow"));
  await other.read();
  expect(shown(other.of(name)).map(([text]) => text)).toEqual(["soon"]);
  clocks[1] = noon + 3 * hour;
  expect(other.of(name)).toEqual([]);
});

test("the last 32 states of a repository are known, the latest first", async () => {
  const { pass, own } = setUp();
  for (let count = 0; count < 40; count += 1) {
    pass(1);
    await own.remember(name, state(String(count)));
  }
  const texts = shown(own.of(name)).map(([text]) => text);
  expect([texts.length, texts[0], texts.at(-1)]).toEqual([32, "39", "8"]);
});

test("what cannot be written is known here and told, is tried again later, and does not make each pull wait", async () => {
  const errors: string[] = [];
  const { record, pass, own, other } = setUp(({ code, message }) => void errors.push(`${code} ${message}`));
  record.broken = true;
  await own.remember(name, state("one"));
  expect(errors).toEqual([expect.stringMatching(/^RECORD_UNUSABLE the record: .*no space left/)]);
  expect(own.of(name)).toHaveLength(1);
  expect(await other.read()).toBe(false);
  await own.remember(name, state("one"));
  record.broken = false;
  expect(errors).toHaveLength(2);
  await own.remember(name, state("one"));
  expect(record.lines).toEqual([]);
  pass(10_000);
  await own.remember(name, state("one"));
  expect(record.lines).toHaveLength(1);
  expect(await other.read()).toBe(true);
  expect(other.of(name)).toHaveLength(1);
});

test("a line that is not what it says, that unpacks to too much, or that is none, is passed over", async () => {
  const { record, own, other } = setUp();
  await own.remember(name, state("one"));
  const [line = ""] = record.lines;
  const pack = (content: unknown): string => deflateRawSync(JSON.stringify(content)).toString("base64");
  const { digest } = state("two").manifest;
  const long = "x".repeat(3 * 1_048_576);
  const forged = [
    { packed: pack({ text: "another", sources: {} }) },
    { packed: pack({ text: "short", sources: {}, more: long }), digest: computeDigest(Buffer.from("short")) },
    { packed: "no deflate" },
    { packed: pack([]) },
  ].map((more) => JSON.stringify({ ...JSON.parse(line), digest, ...more }));
  record.lines.unshift("[]", line.slice(0, 40), ...forged);
  expect(await other.read()).toBe(true);
  expect(other.of(name).map(({ manifest }) => manifest.digest)).toEqual([state("one").manifest.digest]);
});

test("what is too much to be written down is known here alone, and told", async () => {
  const errors: string[] = [];
  const { record, own } = setUp(({ message }) => void errors.push(message));
  const noise = Array.from({ length: 6_000 }, (_, count) => computeDigest(Buffer.from(String(count)))).join();
  await own.remember(name, state(noise));
  expect([errors, record.lines, own.of(name).length]).toEqual([[expect.stringContaining("too many builds")], [], 1]);
});
