import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { root } from "./bundle.ts";
import { buildPage } from "./console-bundle.ts";

const files = await buildPage(await readFile(join(root, "src/console/web/index.html"), "utf8"));
const bytesOf = (name: RegExp): Uint8Array => {
  const found = files.find((file) => name.test(file.name));
  if (found === undefined) throw new Error(`the page has no ${name}`);
  return found.bytes;
};

test("the script is under 80 kB as browsers get it", () => {
  expect(bytesOf(/^console-.*\.js\.br$/).length).toBeLessThan(80_000);
  expect(bytesOf(/^console-.*\.js\.gz$/).length).toBeLessThan(80_000);
});

test("what is compressed is what is not", () => {
  const plain = files.filter(({ name }) => !/\.(br|gz)$/.test(name));
  expect(plain).toHaveLength(4);
  for (const { name, bytes } of plain) {
    const named = (end: string) => files.find((file) => file.name === name + end)?.bytes ?? new Uint8Array();
    expect(Buffer.from(brotliDecompressSync(named(".br"))).equals(bytes)).toBe(true);
    expect(Buffer.from(gunzipSync(named(".gz"))).equals(bytes)).toBe(true);
  }
});

test("index.html names files by their content's hash, and holds no script and no style of its own", () => {
  const page = Buffer.from(bytesOf(/^index\.html$/)).toString();
  const names = [...page.matchAll(/(?:href|src)="\/([^"]+)"/g)].map(([, name = ""]) => name);
  expect(names).toHaveLength(3);
  for (const name of names) {
    expect(name).toMatch(/-[A-Z0-9]{8}\.(js|css|svg)$/);
    expect(files.some((file) => file.name === name)).toBe(true);
  }
  expect(page).not.toMatch(/<style|<script(?! type="module" src=")|\son\w+=|style=/);
});

test("nothing in the page names another host", () => {
  const texts = [/^console-.*\.js$/, /^style-.*\.css$/, /^index\.html$/].map((name) =>
    Buffer.from(bytesOf(name)).toString(),
  );
  // Names of XML's dialects, which nobody asks.
  const hosts = texts.join("\n").match(/https?:\/\/[^"'`)\s]+/g) ?? [];
  expect(hosts.filter((host) => !host.startsWith("http://www.w3.org/"))).toEqual([]);
});
