import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { parseManifests } from "../../src/manifests/parse.ts";
import { proxyConfigIn } from "../../src/proxy/config.ts";
import { defaultLimits } from "../../src/proxy/settings.ts";
import type { CommandResult } from "../cluster/command.ts";
import { requireLevel } from "../cluster/require.ts";
import { chartLeaves } from "../support/cluster/chart-leaves.ts";
import { describeWith } from "../support/describe-with.ts";

const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const chart = fileURLToPath(new URL("../../charts/metahub", import.meta.url));
const releaseNamespace = "metahub-system";
/** Helm asks no cluster here, and a Helm that was built from its module believes in an old Kubernetes. */
const offline = ["--kube-version", "1.37.2"];
const chartValues = readdirSync(`${chart}/ci`).map((name) => `${chart}/ci/${name}`);
/** Kinds of other projects, which this API server does not have. */
const foreign = ["cert-manager.io/v1", "gateway.networking.k8s.io/v1", "monitoring.coreos.com/v1"];

const found = await requireLevel({
  level: "api",
  signal: new AbortController().signal,
  progress,
  tools: ["kubectl", "helm"],
});

describeWith(found, "the chart", (ready) => {
  const { cluster } = ready;
  const kubectl = (args: readonly string[], input?: string): Promise<CommandResult> =>
    cluster.kubectl(args, { signal: soon(), ...(input === undefined ? {} : { input }) });
  const helm = (...args: readonly string[]): Promise<CommandResult> => cluster.helm(args, { signal: soon() });
  const template = (...args: readonly string[]): Promise<CommandResult> =>
    helm("template", "metahub", chart, "--namespace", releaseNamespace, ...offline, ...args);

  beforeAll(async () => {
    for (const name of [releaseNamespace, "team-a", "team-b"]) await kubectl(["create", "namespace", name]);
  });
  afterAll(() => cluster.stop());

  test.each(chartValues)("passes lint with %s", async (values) => {
    const { code, stdout } = await helm("lint", "--strict", chart, "--values", values, ...offline);
    expect(code, stdout).toBe(0);
  });

  test.each(chartValues)("makes objects that the API server takes, with %s", async (values) => {
    const { code, stdout, stderr } = await template("--values", values);
    expect(code, stderr).toBe(0);
    const documents = parseAllDocuments(stdout).map((document) => document.toJS());
    const own = documents.filter((object) => object !== null && !foreign.includes(object.apiVersion));
    expect(own.length).toBeGreaterThan(5);
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: own });
    const applied = await kubectl(["apply", "--server-side", "--dry-run=server", "-f", "-"], list);
    expect(applied.code, applied.stderr).toBe(0);
    expect(applied.stderr).toBe(""); // Nor a warning, of PodSecurity for example.
  });

  test.each([
    ["a value that nobody reads", ["--set", "webhook.replica=3"], /replica/],
    ["a value of another type", ["--set", "webhook.replicas=two"], /replicas/],
    ["an unknown mode", ["--set", "rewrite.mode=always"], /mode/],
    ["a URL without a secret segment", ["--set", "webhook.url=https://10.0.0.5"], /url/],
    ["a URL with a path", ["--set", `webhook.url=https://10.0.0.5/${"0".repeat(32)}/mutate`], /url/],
    ["a URL without TLS", ["--set", `webhook.url=http://10.0.0.5/${"0".repeat(32)}`], /url/],
    ["nothing to call", ["--set", "webhook.deploy=false"], /needs webhook\.url, for example/],
    ["a deadline above the timeout", ["--set", "webhook.timeoutSeconds=2"], /must be below webhook\.timeoutSeconds/],
    [
      "a drain above the grace",
      ["--set", "webhook.drainMs=30000"],
      /must be below webhook\.terminationGracePeriodSeconds/,
    ],
    [
      "a registry that is killed before its pulls end",
      ["--set", "proxy.enabled=true,proxy.externalUrl=https://h,proxy.terminationGracePeriodSeconds=15"],
      /more than 5000 below proxy\.terminationGracePeriodSeconds/,
    ],
    ["no namespaces", ["--set", "pullSecrets.mode=namespaces"], /needs pullSecrets\.namespaces, for example/],
    ["a registry without an address", ["--set", "proxy.enabled=true"], /needs proxy\.externalUrl/],
    ["an address with a path", ["--set", "proxy.enabled=true,proxy.externalUrl=https://h/x"], /externalUrl/],
    [
      "a registry without a keeper",
      ["--set", "proxy.enabled=true,proxy.externalUrl=https://h,keeper.deploy=false"],
      /needs keeper\.deploy/,
    ],
    [
      "a certificate of nobody",
      ["--set", "proxy.enabled=true,proxy.externalUrl=https://h,proxy.tls.mode=certManager"],
      /needs proxy\.tls\.issuerRef/,
    ],
    [
      "a route without a Gateway",
      ["--set", "proxy.enabled=true,proxy.externalUrl=https://h,proxy.gateway.enabled=true"],
      /needs proxy\.gateway\.parentRefs/,
    ],
    [
      "a console behind an ingress whose word counts nothing",
      ["--set", "console.enabled=true,console.externalUrl=https://c,console.ingress.enabled=true"],
      /need console\.trustedProxies/,
    ],
    [
      "a console behind a Gateway whose word counts nothing",
      [
        "--set",
        "console.enabled=true,console.externalUrl=https://c,console.gateway.enabled=true,console.gateway.parentRefs[0].name=g",
      ],
      /need console\.trustedProxies/,
    ],
    [
      "scaling by nothing",
      [
        "--set",
        "proxy.enabled=true,proxy.externalUrl=https://h,proxy.autoscaling.enabled=true,proxy.autoscaling.requestsPerSecond=0",
      ],
      /something to scale by/,
    ],
    ["namespaces in vain", ["--set", "pullSecrets.namespaces={a}"], /only read with/],
    [
      "a Secret without a name",
      ["--set", "certificates.mode=existingSecret,certificates.caBundle=x"],
      /secretName is needed/,
    ],
    [
      "a Secret without an authority",
      ["--set", "certificates.mode=existingSecret,certificates.secretName=x"],
      /caBundle is needed/,
    ],
  ])("refuses %s", async (_, args, message) => {
    const { code, stderr } = await template(...args);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });

  test.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ["no address", { externalUrl: "" }, /needs console\.externalUrl/],
    ["an address without TLS", { externalUrl: "http://console.example.com" }, /externalUrl/],
    ["an address with a path", { externalUrl: "https://console.example.com/x" }, /externalUrl/],
    ["an address with a name", { externalUrl: "https://anna@console.example.com" }, /externalUrl/],
    ["the port that browsers leave out", { externalUrl: "https://console.example.com:443" }, /leave out :443/],
    ["another mode of TLS", { tls: { mode: "none" } }, /mode/],
    ["a certificate of nobody", { tls: { mode: "certManager" } }, /needs console\.tls\.issuerRef/],
    ["a route without a Gateway", { gateway: { enabled: true } }, /needs console\.gateway\.parentRefs/],
    ["an issuer without TLS", { openid: { issuer: "http://login.example.com", clientId: "x" } }, /issuer/],
    [
      "an issuer without a client",
      { openid: { issuer: "https://login.example.com" } },
      /needs console\.openid\.clientId/,
    ],
    ["a client without an issuer", { openid: { clientId: "x" } }, /only read with console\.openid\.issuer/],
    ["a secret without an issuer", { openid: { clientSecret: "x" } }, /only read with console\.openid\.issuer/],
    ["an authority without an issuer", { openid: { caConfigMap: "x" } }, /only read with console\.openid\.issuer/],
    ["two scopes in one", { openid: { scopes: ["profile email"] } }, /scopes/],
    ["a namespace that is none", { credentialsNamespace: "HPC" }, /credentialsNamespace/],
    ["a registry with a path", { registry: "hub.example.com/x" }, /registry/],
    ["a registry's URL", { registry: "https://hub.example.com" }, /registry/],
    ["sessions that end at once", { sessions: { idle: "0m" } }, /idle/],
    ["sessions of seconds", { sessions: { length: "90s" } }, /length/],
    ["proxies that are everybody", { trustedProxies: ["0.0.0.0/0"] }, /trustedProxies/],
    ["proxies by name", { trustedProxies: ["ingress.example.com"] }, /trustedProxies/],
    ["a second replica", { replicas: 2 }, /replicas/],
    ["a port that is none", { port: 0 }, /port/],
    ["another's account", { serviceAccount: { create: false, name: "metahub-webhook" } }, /accounts of their own/],
  ])("refuses a console with %s", async (_, values, message) => {
    const all = { enabled: true, externalUrl: "https://console.example.com", ...values };
    const { code, stderr } = await template("--set-json", `console=${JSON.stringify(all)}`);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });

  test("makes a console of what docs/console.md says is enough", async () => {
    const set = ["--set", "console.enabled=true,console.externalUrl=https://console.example.com:8443"];
    const { code, stderr } = await template(...set);
    expect(code, stderr).toBe(0);
  });

  test("keeps the CRDs at uninstall unless told otherwise, and leaves them out when told so", async () => {
    const crdsOf = async (...args: readonly string[]) =>
      parseAllDocuments((await template(...args)).stdout)
        .map((document) => document.toJS())
        .filter((object) => object?.kind === "CustomResourceDefinition");
    const files = readdirSync(`${chart}/files/crds`).map((file) =>
      parse(readFileSync(`${chart}/files/crds/${file}`, "utf8")),
    );
    const kept = await crdsOf();
    expect(kept.map(({ metadata }) => metadata.name)).toEqual(files.map(({ metadata }) => metadata.name));
    expect(kept.map(({ spec }) => spec)).toEqual(files.map(({ spec }) => spec));
    for (const { metadata } of kept) expect(metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
    for (const { metadata } of await crdsOf("--set", "crds.keep=false")) expect(metadata.annotations).toBeUndefined();
    expect(await crdsOf("--set", "crds.enabled=false")).toEqual([]);
  });

  test("hands the powers of lists to the webhook, and opens its policy where the values say so", async () => {
    const set = (...values: readonly string[]) => values.flatMap((value) => ["--set", value]);
    const closed = (await template()).stdout;
    expect(closed).toContain("MetaHub changes an image within its repository alone");
    expect(closed).not.toContain("--list-");
    const values = set("lists.acrossRepositories={a,b}", "lists.atBinding={*}", "lists.acrossAtBinding=true");
    const open = (await template(...values)).stdout;
    expect(open).not.toContain("MetaHub changes an image within its repository alone");
    for (const flag of ["across-repositories=a", "across-repositories=b", "at-binding=*"]) {
      expect(open).toContain(`- --list-${flag}\n`);
    }
  });

  test("lets whoever views a cluster see machine types, and nobody by itself touch credentials", async () => {
    const roles = parseAllDocuments((await template()).stdout)
      .map((document) => document.toJS())
      .filter((object) => object?.kind === "ClusterRole" || object?.kind === "Role");
    const of = (resource: string) =>
      roles.filter(({ rules }) => rules?.some((rule: { resources?: string[] }) => rule.resources?.includes(resource)));
    const aggregated = ({ metadata }: { metadata: { labels?: object } }) =>
      Object.keys(metadata.labels ?? {}).some((label) => label.includes("/aggregate-to-"));
    expect(of("machinetypes").filter(aggregated)).toHaveLength(1);
    expect(of("machinecredentials").filter(aggregated)).toEqual([]);
    const labels = (resource: string, verb: string) =>
      of(resource)
        .filter(aggregated)
        .filter(({ rules }) =>
          rules.some(
            (rule: { resources: string[]; verbs: string[] }) =>
              rule.resources.includes(resource) && rule.verbs.includes(verb),
          ),
        )
        .flatMap(({ metadata }) => Object.keys(metadata.labels).filter((label) => label.includes("/aggregate-to-")));
    // A list is power over the images of its namespace's Pods: it comes with admin, and with nothing below.
    expect(labels("manifestlists", "create")).toEqual(["rbac.authorization.k8s.io/aggregate-to-admin"]);
    expect(labels("clustermanifestlists", "create")).toEqual([]);
    expect(labels("clustermanifestlists", "get")).toEqual(["rbac.authorization.k8s.io/aggregate-to-view"]);
    const [keeper, ...others] = of("machinecredentials");
    expect(others).toEqual([]);
    expect(keeper?.metadata.name).toMatch(/-machine-credentials$/);
    expect(keeper?.rules.flatMap(({ resources }: { resources: string[] }) => resources)).toEqual([
      "machinecredentials",
    ]);
  });

  test("the values that docs/registry.md shows make a registry with an account of its own", async () => {
    const page = readFileSync(fileURLToPath(new URL("../../docs/registry.md", import.meta.url)), "utf8");
    const [, values = ""] = /```yaml\n(proxy:\n[^`]+)```/.exec(page) ?? [];
    expect(values).not.toBe("");
    const { code, stdout, stderr } = await helm(
      ...["template", "metahub", chart, "--namespace", releaseNamespace, ...offline],
      ...["--set-json", `proxy=${JSON.stringify(parse(values).proxy)}`],
    );
    expect(code, stderr).toBe(0);
    const objects = parseAllDocuments(stdout).map((document) => document.toJS());
    const named = (kind: string) =>
      objects.find((object) => object?.kind === kind && object.metadata.name === "metahub-proxy");
    expect(named("Deployment").spec.template.spec.serviceAccountName).toBe("metahub-proxy");
    expect(named("ClusterRole").rules.map(({ verbs }: { verbs: string[] }) => verbs)).toEqual([
      ["get", "list", "watch"],
      ["patch"],
    ]);
    const written = proxyConfigIn(parseManifests(named("ConfigMap").data["proxy.yaml"], "proxy.yaml"));
    expect(written).toMatchObject(parse(values).proxy.config);
    expect(written?.limits).toEqual(defaultLimits);
  });

  test("README names every value with its default", () => {
    const readme = readFileSync(`${chart}/README.md`, "utf8").replace(/ +/g, " "); // Tables are padded.
    const rows = chartLeaves(parse(readFileSync(`${chart}/values.yaml`, "utf8"))).map(
      ([path, value]) => `| \`${path}\` | \`${JSON.stringify(value)}\` |`,
    );
    expect(rows.filter((row) => !readme.includes(row))).toEqual([]);
  });

  test("Pods fit PodSecurity restricted", async () => {
    await kubectl([
      "label",
      "namespace",
      releaseNamespace,
      "pod-security.kubernetes.io/enforce=restricted",
      "--overwrite",
    ]);
    const { stdout } = await template();
    for (const object of parseAllDocuments(stdout).map((document) => document.toJS())) {
      if (object?.kind !== "Deployment") continue;
      const { serviceAccountName: _, ...spec } = object.spec.template.spec;
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: releaseNamespace }, spec };
      const created = await kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify(pod));
      expect(created.code, created.stderr).toBe(0);
    }
  });
});
