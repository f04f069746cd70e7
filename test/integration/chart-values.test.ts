import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { requireLevel } from "../cluster/require.ts";
import { chartLeaves } from "../support/cluster/chart-leaves.ts";
import { describeWith } from "../support/describe-with.ts";

const chart = fileURLToPath(new URL("../../charts/metahub", import.meta.url));
const ready = await requireLevel({
  level: "api",
  signal: new AbortController().signal,
  progress: (line) => void process.stderr.write(`${line}\n`),
  tools: ["helm"],
});

type Values = Readonly<Record<string, unknown>>;

/** Another value than the default, by path, where none can be made up by the default's type. */
const others: Values = {
  "image.digest": `sha256:${"a".repeat(64)}`,
  "image.pullPolicy": "Always",
  imagePullSecrets: [{ name: "x" }],
  "rewrite.mode": "optIn",
  "rewrite.imageForm": "tagAndDigest",
  "pullSecrets.mode": "cluster",
  "registries.mirrors": { "docker.io": "https://mirror.example.com" },
  "certificates.mode": "certManager",
  "certificates.certManager.issuerRef": { name: "ca" },
  logLevel: "debug",
  "webhook.url": `https://10.0.0.5:8443/${"0".repeat(32)}`,
  "webhook.tlsMinVersion": "1.2",
  "webhook.failurePolicy": "Fail",
  "webhook.unprovenNotes": "ignore",
  "proxy.externalUrl": "https://other.example.com",
  "proxy.config": { anonymous: true },
  "proxy.tls.mode": "terminated",
  "proxy.tls.issuerRef": { name: "other" },
  "proxy.service.type": "NodePort",
  "proxy.gateway.parentRefs": [{ name: "other" }],
  "console.externalUrl": "https://other.example.com",
  "console.openid.issuer": "https://other.example.com",
  "console.tls.mode": "terminated",
  "console.tls.issuerRef": { name: "other" },
  "console.service.type": "NodePort",
  "console.gateway.parentRefs": [{ name: "other" }],
  "console.trustedProxies": ["10.0.0.0/8"],
  "console.sessions.idle": "5m",
  "console.sessions.length": "5h",
  "networkPolicy.browsersFrom": [{ ipBlock: { cidr: "10.3.0.0/24" } }],
  "metrics.serviceMonitor.interval": "10s",
  "networkPolicy.apiServerFrom": [{ ipBlock: { cidr: "10.0.0.0/24" } }],
  "networkPolicy.clientsFrom": [{ ipBlock: { cidr: "10.1.0.0/24" } }],
  "networkPolicy.metricsFrom": [{ ipBlock: { cidr: "10.2.0.0/24" } }],
};
const byName: Values = {
  tolerations: [{ operator: "Exists" }],
  affinity: { nodeAffinity: {} },
  nodeSelector: { a: "b" },
  resources: { limits: { memory: "1Gi" } },
};

/** The values under which others are read. */
const conditions: readonly (readonly [RegExp, Values])[] = [
  [/^pullSecrets\.namespaces$/, { "pullSecrets.mode": "namespaces", "pullSecrets.namespaces": ["a"] }],
  [
    /^certificates\.caBundle$/,
    { "certificates.mode": "existingSecret", "certificates.secretName": "x", "certificates.caBundle": "y" },
  ],
  [/^certificates\.certManager/, { "certificates.mode": "certManager" }],
  ...["webhook", "controller", "keeper", "proxy", "console"].map(
    (part) => [new RegExp(`^${part}\\.serviceAccount\\.create$`), { [`${part}.serviceAccount.name`]: "x" }] as const,
  ),
  [/^webhook\.deploy$/, { "webhook.url": others["webhook.url"] }],
  [/^metrics\.serviceMonitor\./, { "metrics.serviceMonitor.enabled": true }],
  [/^(proxy\.|networkPolicy\.clientsFrom)/, { "proxy.enabled": true, "proxy.externalUrl": "https://hub.example.com" }],
  [/^proxy\.tls\.issuerRef$/, { "proxy.tls.mode": "certManager", "proxy.tls.issuerRef": { name: "ca" } }],
  [/^proxy\.ingress\./, { "proxy.ingress.enabled": true }],
  [/^proxy\.gateway\./, { "proxy.gateway.enabled": true, "proxy.gateway.parentRefs": [{ name: "public" }] }],
  [
    /^(console\.|networkPolicy\.browsersFrom)/,
    { "console.enabled": true, "console.externalUrl": "https://console.example.com" },
  ],
  [/^console\.tls\.issuerRef$/, { "console.tls.mode": "certManager", "console.tls.issuerRef": { name: "ca" } }],
  [
    /^console\.openid\./,
    { "console.openid.issuer": "https://login.example.com", "console.openid.clientId": "metahub" },
  ],
  [/^console\.ingress\./, { "console.ingress.enabled": true, "console.trustedProxies": ["192.0.2.0/24"] }],
  [
    /^console\.gateway\./,
    {
      "console.gateway.enabled": true,
      "console.gateway.parentRefs": [{ name: "public" }],
      "console.trustedProxies": ["192.0.2.0/24"],
    },
  ],
  [/^proxy\.autoscaling\./, { "proxy.autoscaling.enabled": true, "proxy.autoscaling.cpuUtilization": 80 }],
];

describeWith(ready, "a value of the chart", ({ cluster }) => {
  afterAll(() => cluster.stop());

  const render = async (values: Values): Promise<string> => {
    const set = Object.entries(values).flatMap(([path, value]) => ["--set-json", `${path}=${JSON.stringify(value)}`]);
    const args = ["template", "metahub", chart, "--namespace", "metahub-system", "--kube-version", "1.37.2", ...set];
    const { code, stdout, stderr } = await cluster.helm(args, { signal: AbortSignal.timeout(60_000) });
    return code === 0 ? stdout : Promise.reject(new Error(stderr));
  };

  test("makes a difference to what is rendered, whichever it is", { timeout: 300_000 }, async () => {
    const rendered = new Map<string, Promise<string>>();
    const once = (values: Values): Promise<string> => {
      const key = JSON.stringify(values);
      const known = rendered.get(key) ?? render(values);
      rendered.set(key, known);
      return known;
    };
    // Or else every value would seem to make one.
    expect(await render({})).toBe(await once({}));
    const idle: string[] = [];
    for (const [path, value] of chartLeaves(parse(readFileSync(`${chart}/values.yaml`, "utf8")))) {
      const under = Object.assign({}, ...conditions.flatMap(([paths, values]) => (paths.test(path) ? [values] : [])));
      const changed = other(path, value, under[path]);
      const now = await render({ ...under, [path]: changed }).catch((error: Error) => error.message);
      if (!now.startsWith("---")) idle.push(`${path}: ${now}`);
      else if ((await once(under)) === now) idle.push(path);
    }
    expect(idle).toEqual([]);
  });

  test.each([
    ["apiServerFrom", "webhook", "https"],
    ["clientsFrom", "proxy", "registry"],
    ["metricsFrom", "webhook", "health"],
    ["metricsFrom", "controller", "health"],
    ["metricsFrom", "keeper", "health"],
    ["metricsFrom", "proxy", "health"],
  ])("networkPolicy.%s says who may call the %s's port %s, and empty it is anybody", async (value, component, port) => {
    const from = [{ ipBlock: { cidr: "10.0.0.0/24" } }, { podSelector: { matchLabels: { a: "b" } } }];
    const under = { "proxy.enabled": true, "proxy.externalUrl": "https://hub.example.com" };
    const rules = async (values: Values) => {
      const objects = parseAllDocuments(await render({ ...under, ...values })).map((document) => document.toJS());
      const policy = objects.find(
        (object) => object?.kind === "NetworkPolicy" && object.metadata.name === `metahub-${component}`,
      );
      return new Map<string, readonly object[] | undefined>(
        policy.spec.ingress.map((rule: { ports: { port: string }[]; from?: object[] }) => [
          rule.ports[0]?.port,
          rule.from,
        ]),
      );
    };
    const [open, narrow] = [await rules({}), await rules({ [`networkPolicy.${value}`]: from })];
    expect(open.get(port)).toBeUndefined();
    expect(narrow.get(port)?.slice(0, 2)).toEqual(from);
    // The keeper alone is let in besides, to the webhook's health port.
    const more = (narrow.get(port) ?? []).slice(2);
    const components = JSON.stringify(more).match(/"app.kubernetes.io\/component":"\w+"/g) ?? [];
    expect(components).toEqual(component === "webhook" && port === "health" ? [expect.stringContaining("keeper")] : []);
    for (const [name, peers] of narrow) if (name !== port) expect(peers, name).toBeUndefined();
  });
});

/** Another value than this: a default, or what a condition sets. */
function other(path: string, value: unknown, set: unknown): unknown {
  const own = others[path] ?? byName[path.split(".").at(-1) ?? ""];
  if (own !== undefined) return own;
  const now = set ?? value;
  if (typeof now === "boolean") return !now;
  if (typeof now === "number") return now + 1;
  if (Array.isArray(now)) return path.endsWith("extraArgs") ? ["--x"] : ["other"];
  return typeof now === "object" ? { other: "x" } : "other";
}
