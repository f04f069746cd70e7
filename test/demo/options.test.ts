import { expect, test } from "vitest";
import { readOptions } from "./options.ts";

const asked = { cluster: "auto", level: undefined, proxy: false, console: false, down: false, help: false };

test.each([
  ["", asked],
  ["--level=nodes", { ...asked, level: "nodes" }],
  ["--cluster local --level api", { ...asked, cluster: "local", level: "api" }],
  ["--cluster embedded", { ...asked, cluster: "embedded" }],
  ["--proxy", { ...asked, proxy: true }],
  ["--proxy --cluster kind", { wrong: "--proxy has no cluster" }],
  ["--console", { ...asked, console: true }],
  ["--console --level api", { wrong: "--console has no cluster" }],
  ["--down", { ...asked, down: true }],
  ["--cluster minikube", { wrong: "--cluster minikube: it can be auto, embedded, existing, kind, local" }],
  ["--level pods", { wrong: "--level pods: it can be auto, api, nodes" }],
  ["--cluster embedded --level api", { wrong: expect.stringContaining("embedded has none") }],
  ["--cluster kind --level nodes", { wrong: expect.stringContaining("--cluster local") }],
  ["--up", { wrong: "Unknown option '--up'" }],
  ["now", { wrong: expect.stringContaining("'now'") }],
])("npm run demo -- %s", (line, expected) => {
  expect(readOptions(line === "" ? [] : line.split(" "))).toEqual(expected);
});
