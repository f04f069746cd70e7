import { expect, test } from "vitest";
import { parseManifests } from "../manifests/parse.ts";
import { proxyConfigIn } from "./config.ts";

const read = (spec: unknown) =>
  proxyConfigIn(
    parseManifests(
      JSON.stringify({ apiVersion: "metahub.dev/v1alpha1", kind: "ProxyConfig", metadata: { name: "hub" }, spec }),
      "hub.yaml",
    ),
  );

test("a config that says nothing lets nothing in", () => {
  expect(read({})).toEqual({ anonymous: false, hints: false, machinePaths: false, limits: {} });
  expect(proxyConfigIn(parseManifests("", "none.yaml"))).toBeUndefined();
});

test("limits are what is said of them, within bounds", () => {
  const limits = {
    requestsPerCredential: 1,
    streams: 4_096,
    streamsPerUpstream: 8,
    leastBytesPerSecond: 100,
    idleSeconds: 300,
  };
  expect(read({ limits })?.limits).toEqual(limits);
  expect(read({ limits: { streams: 3 } })?.limits).toEqual({ streams: 3 });
  for (const wrong of [{ streams: 4_097 }, { streams: 0 }, { idleSeconds: 301 }, { leastBytesPerSecond: "4" }]) {
    expect(() => read({ limits: wrong })).toThrow(/spec\.limits\.\w+/);
  }
});

test("a config of another version is none of ours", () => {
  const text = JSON.stringify({
    apiVersion: "metahub.dev/v9",
    kind: "ProxyConfig",
    metadata: { name: "hub" },
    spec: 1,
  });
  expect(proxyConfigIn(parseManifests(text, "hub.yaml"))).toBeUndefined();
});

test.each<[unknown, RegExp]>([
  [{ anonymous: "yes" }, /spec\.anonymous.*boolean/],
  [{ upstreams: {} }, /spec\.upstreams.*array/],
  [{ upstreams: [{ host: "ghcr.io" }] }, /spec\.upstreams\[0\]\.name.*is needed/],
  [{ upstreams: [{ name: "ghcr" }] }, /spec\.upstreams\[0\]\.host.*is needed/],
  [{ upstreams: [{ name: "a/b", host: "ghcr.io" }] }, /must be what a path begins with/],
  [{ upstreams: [{ name: "a", host: "GHCR.io" }] }, /in lower case/],
  [{ upstreams: [{ name: "a", host: "ghcr.io/team" }] }, /must be a registry's host/],
  [{ upstreams: [{ name: "a", host: "user:pa55@ghcr.io" }] }, /must be a registry's host/],
  [{ defaultUpstream: "user:pa55@ghcr.io" }, /must be a registry's host/],
  [{ upstreams: [{ name: "a", host: "a.io", mirror: "https://m/path" }] }, /must be a URL without a path/],
  [{ upstreams: [{ name: "a", host: "a.io", mirror: "https://u:pa55@m" }] }, /must be a URL without a path/],
  [{ upstreams: [{ name: "a", host: "a.io", password: "pa55" }] }, /password/],
  [
    {
      upstreams: [
        { name: "a", host: "a.io" },
        { name: "a", host: "b.io" },
      ],
    },
    /a stands twice/,
  ],
  [
    {
      upstreams: [
        { name: "a", host: "a.io" },
        { name: "a.io", host: "b.io" },
      ],
    },
    /a\.io stands twice/,
  ],
  [{ upstreams: Array.from({ length: 65 }, (_, at) => ({ name: `u${at}`, host: `u${at}.io` })) }, /at most 64/],
  [{ answerIndex: ["Type1"] }, /must be the name of a MachineType/],
  [{ limits: { requestsPerCredential: 0 } }, /greater than or equal to 1/],
  [{ limits: { requestsPerCredential: 1e9 } }, /less than or equal to/],
  [{ limits: { places: 1 } }, /places/],
])("%j is refused, with the place, and no password is repeated", (spec, message) => {
  expect(() => read(spec)).toThrow(message);
  expect(() => read(spec)).toThrow(/^hub\.yaml/);
  expect(() => read(spec)).not.toThrow(/pa55/);
});
