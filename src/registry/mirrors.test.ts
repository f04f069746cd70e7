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

test.each(["docker.io", "Docker.IO", "index.docker.io", "registry-1.docker.io"])("%s is Docker Hub", (name) => {
  expect([...parseMirrors([`${name}=https://mirror.example.com`]).hosts]).toEqual([
    ["docker.io", "mirror.example.com"],
  ]);
});

test.each([
  ["https://docker.io", "docker.io=https://m.example"],
  ["http://index.docker.io/v1/", "docker.io=https://m.example"],
  ["https://ghcr.io", "ghcr.io=https://m.example"],
  ["ghcr.io/team", "ghcr.io=https://m.example"],
  ["*", "docker.io=https://m.example; * is no host, name each registry"],
  ["_default", "docker.io=https://m.example; _default is no host, name each registry"],
])("%s is no registry, and the message has the right spelling", (name, right) => {
  const text = `${name}=https://m.example`;
  const message = `--mirror ${text}: expected HOST=URL without a path, e.g. ${right}`;
  expect(() => parseMirrors([text])).toThrow(new MirrorError(message));
});

test("a registry has one mirror; the same one twice is no mistake", () => {
  const first = "docker.io=https://a.example";
  expect(parseMirrors([first, first]).hosts.size).toBe(1);
  expect(() => parseMirrors([first, "index.docker.io=https://b.example"])).toThrow(
    "--mirror index.docker.io=https://b.example: docker.io has a mirror already, a.example; name one for each registry",
  );
});

test.each(["localhost:5000", "[::1]:5000", "my_registry.corp.local"])("%s is a registry", (name) => {
  expect(parseMirrors([`${name}=https://m.example`]).hosts.get(name)).toBe("m.example");
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
