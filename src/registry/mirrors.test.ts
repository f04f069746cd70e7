import { expect, test } from "vitest";
import { MirrorError, parseMirrors } from "./mirrors.ts";

test("reads hosts and who of them speaks plain HTTP", () => {
  const { hosts, plainHttp } = parseMirrors([
    "docker.io=https://mirror.example.com",
    "Registry.Example.com:5000=http://127.0.0.1:5001/",
  ]);
  expect([...hosts]).toEqual([
    ["docker.io", "mirror.example.com"],
    ["registry.example.com:5000", "127.0.0.1:5001"],
  ]);
  expect(plainHttp).toEqual(["127.0.0.1:5001"]);
});

test("without any there are none", () => {
  expect(parseMirrors([])).toEqual({ hosts: new Map(), plainHttp: [] });
});

test.each([
  ["no address", "docker.io"],
  ["an empty address", "docker.io="],
  ["no registry", "=https://mirror.example.com"],
  ["a host without a scheme", "docker.io=mirror.example.com"],
  ["another scheme", "docker.io=ftp://mirror.example.com"],
  ["a path, which the distribution API has no place for", "docker.io=https://mirror.example.com/cache"],
])("%s is a mistake, and the message shows a right value", (_name, text) => {
  const read = (): unknown => parseMirrors([text]);
  expect(read).toThrow(MirrorError);
  expect(read).toThrow(`--mirror ${text}: expected HOST=URL without a path, e.g. docker.io=https://mirror.example.com`);
});
