import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { expect, test, vi } from "vitest";
import { parseMachineCredential } from "../../src/api/parse-machine-credential.ts";
import { parseManifests } from "../../src/manifests/parse.ts";
import { proxyConfigIn } from "../../src/proxy/config.ts";
import { metahubProgram } from "../cli/metahub.ts";
import { codeBlocks, commandsOf } from "./blocks.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });
const metahub = metahubProgram();
const page = await readFile(join(import.meta.dirname, "../../docs/registry.md"), "utf8");
const [, section = ""] = /^## Credentials\n(.*?)(?=^## |$(?![\s\S]))/ms.exec(page) ?? [];
const blocks = codeBlocks(section);
const [example] = blocks.filter(({ language }) => language === "yaml");

test("the example of a credential has every field of the table but those that exclude it", () => {
  const { spec } = parseMachineCredential(load(example?.text ?? ""));
  const rows = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, field]) => field);
  expect(Object.keys(spec).toSorted()).toEqual(
    rows.filter((row) => row !== "unfiltered" && row !== "revoked").toSorted(),
  );
});

test("the commands work one after another, and make what the page shows", async () => {
  const folder = await mkdtemp(join(tmpdir(), "metahub-registry-page-"));
  try {
    await mkdir(join(folder, "hub"));
    const commands = blocks.filter(({ language }) => language === "sh").flatMap(commandsOf);
    const ours = commands.filter((command) => command.startsWith("metahub "));
    expect(ours.map((command) => command.split(" ")[2])).toEqual(["create", "list", "rotate", "revoke"]);
    for (const command of ours) {
      const [, ...args] = command.replaceAll("'", "").split(" ");
      const { code, stderr } = await metahub(args, { cwd: folder });
      expect([code, stderr], command).toEqual([0, ""]);
      if (args[1] !== "create") continue;
      const made = load(await readFile(join(folder, "hub/login-nodes.yaml"), "utf8"));
      const ownTexts = { secretHash: expect.any(String), expires: expect.any(String) };
      const { spec, ...rest } = parseMachineCredential(load(example?.text ?? ""));
      expect(made).toEqual({ ...rest, spec: { ...spec, ...ownTexts } });
    }
    expect(await readFile(join(folder, "hub/login-nodes-r2.yaml"), "utf8")).toContain("username: qnib-type1");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the example of a ProxyConfig has every field of its table", () => {
  const [, settings = ""] = /^### Settings\n(.*?)(?=^##|$(?![\s\S]))/ms.exec(page) ?? [];
  const [text = ""] = codeBlocks(settings).map((block) => block.text);
  const config = proxyConfigIn(parseManifests(text, "registry.md"));
  const fields = Object.keys(config ?? {}).flatMap((key) =>
    key === "upstreams"
      ? Object.keys(config?.upstreams?.[0] ?? {}).map((name) => `upstreams[].${name}`)
      : key === "limits"
        ? Object.keys(config?.limits ?? {}).map((name) => `limits.${name}`)
        : [key],
  );
  const rows = [...settings.matchAll(/^\| `([\w.[\]]+)`(?:, `\.(\w+)`)?/gm)].flatMap(([, field = "", more]) =>
    more === undefined ? [field] : [field, `upstreams[].${more}`],
  );
  expect(rows.toSorted()).toEqual(fields.toSorted());
});
