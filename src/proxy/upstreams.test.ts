import { expect, test } from "vitest";
import { Upstreams } from "./upstreams.ts";

const upstreams = new Upstreams(
  [
    { name: "ghcr", host: "ghcr.io" },
    { name: "site", host: "registry.example.com:5000" },
  ],
  "docker.io",
);
const shown = (repository: string, ns?: string): string | undefined => upstreams.place(repository, ns)?.reference.name;

test.each<[string, string | undefined, string | undefined]>([
  ["bench", undefined, "docker.io/library/bench"],
  ["qnib/bench", undefined, "docker.io/qnib/bench"],
  ["ghcr/team/app", undefined, "ghcr.io/team/app"],
  ["ghcr.io/team/app", undefined, "ghcr.io/team/app"],
  ["ghcr", undefined, "docker.io/library/ghcr"],
  ["quay.io/team/app", undefined, "docker.io/quay.io/team/app"],
  ["library/bench", "docker.io", "docker.io/library/bench"],
  ["team/app", "registry.example.com:5000", "registry.example.com:5000/team/app"],
  ["team/app", "site", undefined],
  ["team/app", "quay.io", undefined],
  ["latest/meta-data", "169.254.169.254", undefined],
])("%s of %s", (repository, ns, expected) => {
  expect(shown(repository, ns)).toBe(expected);
});

test("without a default, a name without an upstream's leads nowhere", () => {
  const named = new Upstreams([{ name: "ghcr", host: "ghcr.io" }], undefined);
  expect(named.place("qnib/bench", undefined)).toBeUndefined();
  expect(named.place("ghcr/a", undefined)?.reference.name).toBe("ghcr.io/a");
});

test("one repository has one name for credentials, however it is asked for", () => {
  const all = new Upstreams(
    [
      { name: "hub", host: "docker.io" },
      { name: "ghcr", host: "ghcr.io" },
    ],
    "docker.io",
  );
  const ways: readonly (readonly [string, string?])[] = [
    ["qnib/bench"],
    ["hub/qnib/bench"],
    ["docker.io/qnib/bench"],
    ["qnib/bench", "docker.io"],
  ];
  expect(ways.map(([repository, ns]) => all.place(repository, ns)?.canonical)).toEqual(ways.map(() => "qnib/bench"));
  expect(["ghcr/qnib/bench", "ghcr.io/qnib/bench"].map((name) => all.place(name, undefined)?.canonical)).toEqual([
    "ghcr/qnib/bench",
    "ghcr/qnib/bench",
  ]);
  expect(all.place("qnib/bench", "ghcr.io")?.canonical).toBe("ghcr/qnib/bench");
  expect(all.place("ghcr/secret", "docker.io")?.canonical).toBe("docker.io/ghcr/secret");
});
