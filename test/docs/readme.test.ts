import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { readTestArguments, testFiles } from "../../scripts/test-arguments.mjs";
import { parseMachineType } from "../../src/api/parse-machine-type.ts";
import { readIndex } from "../../src/oci/flatten.ts";
import { select } from "../../src/selection/select.ts";
import { codeBlocks, commandsOf } from "./blocks.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "README.md"), "utf8");
const blocks = codeBlocks(page);
const run = promisify(execFile);

test("`npm run demo` does what the page shows, also on a machine without any cluster", {
  timeout: 120_000,
}, async () => {
  const env = { ...process.env, METAHUB_TEST_KUBECONFIG: "" };
  const { stdout } = await run(process.execPath, ["test/demo/main.ts", "--cluster", "embedded"], { cwd: root, env });
  const shown = blocks.find(({ text }) => text.startsWith("POD "))?.text ?? "";
  const builds = (text: string): string[] =>
    [...text.matchAll(/@(sha256:\w+)… \((:[\w-]+)\)/g)].map(([whole]) => whole);
  expect(builds(shown)).toHaveLength(4);
  expect(builds(stdout)).toEqual(builds(shown));
});

test("`npm run demo -- --proxy` gives each login the build that the page shows", { timeout: 120_000 }, async () => {
  const { stdout } = await run(process.execPath, ["test/demo/main.ts", "--proxy"], { cwd: root });
  const shown = blocks.find(({ text }) => text.startsWith("LOGIN "))?.text ?? "";
  const rows = (text: string): string[] =>
    [...text.matchAll(/^(qnib-type\d) +.+? (:\S+ .+)$/gm)].map(([, login, rest = ""]) => `${login} ${rest.trim()}`);
  expect(rows(shown)).toHaveLength(4);
  expect(rows(stdout).map((row) => row.replace(/ +/g, " "))).toEqual(rows(shown).map((row) => row.replace(/ +/g, " ")));
});

test("the MachineType is one", () => {
  const yaml = blocks.filter(({ language }) => language === "yaml");
  expect(yaml).toHaveLength(1);
  for (const { text } of yaml)
    expect(parseMachineType(load(text)).spec.features).toEqual(["cpu:broadwell", "nvcap:5.2"]);
});

test("the index is one, and its second entry is for the machine type above", () => {
  const [json] = blocks.filter(({ language }) => language === "json");
  const index = readIndex(Buffer.from(json?.text ?? ""));
  if (!index.complete) throw new Error("nothing is nested in it");
  expect(index.warnings).toEqual([]);
  const features = [
    { namespace: "cpu", value: "broadwell" },
    { namespace: "nvcap", value: "5.2" },
  ];
  const { selected } = select(index.variants, { platform: { os: "linux", architecture: "amd64" }, features });
  expect(selected?.digest).toBe(`sha256:${"2".repeat(64)}`);
});

/** How each command of the page is held to be right. */
const commands: Readonly<Record<string, () => void>> = {
  "npm run demo": () => undefined, // The test above runs it.
  "npm run demo -- --proxy": () => undefined, // So does the one of the table of logins.
  "npm test": () => undefined, // This is it.
  "npm test -- --unit": () => expectTests("--unit"),
  "npm test -- registry/auth": () => expectTests("registry/auth"),
  "npm test -- --help": () => expect(readTestArguments(["--help"], [])).toEqual({ help: true }),
  "docker build -t registry.example.com/metahub:0.1.0 .": () => copiedFilesExist(),
  "docker push registry.example.com/metahub:0.1.0": () => undefined,
  // The integration tests install the chart with Helm on a real API server; here, that what is set exists.
  "helm install metahub charts/metahub --namespace metahub-system --create-namespace --set image.repository=registry.example.com/metahub --set image.tag=0.1.0":
    () => {
      const values = load(readFileSync(join(root, "charts/metahub/values.yaml"), "utf8"));
      expect(values).toMatchObject({ image: { repository: expect.any(String), tag: expect.any(String) } });
    },
  "kubectl apply -f examples/inventory/machinetypes.yaml": () => {
    expect(existsSync(join(root, "examples/inventory/machinetypes.yaml"))).toBe(true);
  },
};

test.each(blocks.filter(({ language }) => language === "sh").flatMap(commandsOf))("%s", (command) => {
  const check = commands[command];
  expect(check, "a command that no test knows: add it to the table").toBeDefined();
  check?.();
});

test("every link leads somewhere", () => {
  const links = [...page.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target = ""]) => target);
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) expect(existsSync(join(root, link)), link).toBe(true);
});

function expectTests(argument: string): void {
  const vitest = argument === "--unit" ? ["--project", "unit"] : [argument];
  expect(readTestArguments([argument], testFiles(root))).toEqual({ vitest });
}

function copiedFilesExist(): void {
  const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
  const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = ""]) => files.split(" "));
  expect(sources.length).toBeGreaterThan(3);
  for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true);
}
