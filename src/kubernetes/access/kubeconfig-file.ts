import { z } from "zod";
import { YamlError } from "../../yaml/error.ts";
import { readYamlDocument } from "../../yaml/read.ts";
import { KubernetesError } from "../error.ts";
import type { AuthProvider, ExecPlugin } from "./access.ts";
import { shownName } from "./shown-name.ts";

export interface KubeconfigCluster {
  readonly server: string;
  readonly caFile: string | undefined;
  readonly caData: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName: string | undefined;
  readonly proxyUrl: string | undefined;
}

export interface KubeconfigUser {
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly certFile: string | undefined;
  readonly certData: string | undefined;
  readonly keyFile: string | undefined;
  readonly keyData: string | undefined;
  readonly as: string | undefined;
  readonly asUid: string | undefined;
  readonly asGroups: readonly string[];
  readonly asUserExtra: Readonly<Record<string, readonly string[]>>;
  readonly exec: ExecPlugin | undefined;
  readonly authProvider: AuthProvider | undefined;
}

export interface KubeconfigContext {
  readonly cluster: string;
  readonly user: string | undefined;
  readonly namespace: string | undefined;
}

/** One file's content, by name (clientcmd/api/v1 Config). */
export interface Kubeconfig {
  readonly path: string;
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, KubeconfigCluster>;
  readonly users: ReadonlyMap<string, KubeconfigUser>;
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
}

/** Absent, null and "" mean the same in a kubeconfig. */
const text = z
  .string()
  .nullish()
  .transform((value) => (value === "" || value === null ? undefined : value));
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value === true);
const texts = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

const cluster = z
  .object({
    server: z.string().min(1),
    "certificate-authority": text,
    "certificate-authority-data": text,
    "insecure-skip-tls-verify": flag,
    "tls-server-name": text,
    "proxy-url": text,
  })
  .transform((value) => ({
    server: value.server,
    caFile: value["certificate-authority"],
    caData: value["certificate-authority-data"],
    insecureSkipTlsVerify: value["insecure-skip-tls-verify"],
    tlsServerName: value["tls-server-name"],
    proxyUrl: value["proxy-url"],
  }));

const exec = z
  .object({
    apiVersion: z.enum(["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]),
    command: z.string().min(1),
    args: texts,
    env: z
      .array(z.object({ name: z.string().min(1), value: z.string() }))
      .nullish()
      .transform((entries) => Object.fromEntries((entries ?? []).map(({ name, value }) => [name, value]))),
    provideClusterInfo: flag,
    installHint: text,
  })
  .nullish()
  .transform((value) => value ?? undefined);

const authProvider = z
  .object({
    name: z.string().min(1),
    config: z
      .record(z.string(), z.unknown())
      .nullish()
      .transform((value) => value ?? {}),
  })
  .nullish()
  .transform((value) => value ?? undefined);

const user = z
  .object({
    token: text,
    tokenFile: text,
    username: text,
    password: text,
    "client-certificate": text,
    "client-certificate-data": text,
    "client-key": text,
    "client-key-data": text,
    as: text,
    "as-uid": text,
    "as-groups": texts,
    "as-user-extra": z
      .record(z.string(), z.array(z.string()))
      .nullish()
      .transform((value) => value ?? {}),
    exec,
    "auth-provider": authProvider,
  })
  .nullish()
  .transform((value) => ({
    token: value?.token,
    tokenFile: value?.tokenFile,
    username: value?.username,
    password: value?.password,
    certFile: value?.["client-certificate"],
    certData: value?.["client-certificate-data"],
    keyFile: value?.["client-key"],
    keyData: value?.["client-key-data"],
    as: value?.as,
    asUid: value?.["as-uid"],
    asGroups: value?.["as-groups"] ?? [],
    asUserExtra: value?.["as-user-extra"] ?? {},
    exec: value?.exec,
    authProvider: value?.["auth-provider"],
  }));

const context = z.object({ cluster: z.string().min(1), user: text, namespace: text });

/** The first entry of a name wins, as in kubectl. */
function byName<T>(entry: z.ZodType<readonly [string, T]>) {
  return z
    .array(entry)
    .nullish()
    .transform((entries): ReadonlyMap<string, T> => {
      const found = new Map<string, T>();
      for (const [name, value] of entries ?? []) if (!found.has(name)) found.set(name, value);
      return found;
    });
}

const name = z.string().min(1);
const file = z.object({
  "current-context": text,
  clusters: byName(z.object({ name, cluster }).transform((entry) => [entry.name, entry.cluster] as const)),
  users: byName(z.object({ name, user }).transform((entry) => [entry.name, entry.user] as const)),
  contexts: byName(z.object({ name, context }).transform((entry) => [entry.name, entry.context] as const)),
});

/** @throws KubernetesError CONFIG that names the file and the first bad field, never its value (it may be a secret). */
export function parseKubeconfig(content: string, path: string): Kubeconfig {
  let document: unknown;
  try {
    document = readYamlDocument(content);
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    // Without the cause: the parser's own message quotes the lines around the problem.
    throw new KubernetesError("CONFIG", `kubeconfig ${path}: is no YAML: ${withoutQuotes(cause.message)}`);
  }
  const parsed = file.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue === undefined || issue.path.length === 0 ? "" : `${shownName(issue.path.join("."))}: `;
    throw new KubernetesError("CONFIG", `kubeconfig ${path}: ${place}${issue?.message ?? "not a kubeconfig"}`);
  }
  const { "current-context": currentContext, clusters, users, contexts } = parsed.data;
  return { path, currentContext, clusters, users, contexts };
}

/** A password that begins with `*` or `!` is read as an alias or a tag, and the parser names those. */
function withoutQuotes(reason: string): string {
  return reason.replace(/".*"|!<.*>|(?<=: ).*(?= \(line)/g, "…");
}
