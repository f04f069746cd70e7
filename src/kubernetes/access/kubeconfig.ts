import { readFile } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { few } from "../../text/few.ts";
import { errorText, KubernetesError } from "../error.ts";
import type { ClusterAccess, ExecPlugin, PemSource, UserAccess } from "./access.ts";
import { type Kubeconfig, type KubeconfigUser, parseKubeconfig } from "./kubeconfig-file.ts";
import { shownName } from "./shown-name.ts";

/** Contexts that a refusal names. */
const mostContexts = 8;

export interface KubeconfigOptions {
  /** One path, or several with the platform's list separator between them, as in `$KUBECONFIG`. */
  readonly path: string;
  /** Instead of the file's current-context. */
  readonly context?: string | undefined;
}

/**
 * Reads kubeconfig files and resolves one context. Files are merged as kubectl does it: the first that names
 * something wins; in a list, missing files are passed over as long as one is there. Relative paths are relative to
 * the file they stand in.
 *
 * Not client-node's own KubeConfig: docs/decisions/0003, reasons 7 to 9.
 *
 * @throws KubernetesError CONFIG, with one line that says what to do.
 */
export async function loadKubeconfig(options: KubeconfigOptions): Promise<ClusterAccess> {
  const paths = options.path.split(delimiter).filter((path) => path !== "");
  const files: Kubeconfig[] = [];
  for (const path of paths) {
    const text = await readConfig(path, paths.length === 1);
    if (text !== undefined) files.push(parseKubeconfig(text, path));
  }
  if (files.length === 0) {
    throw new KubernetesError("CONFIG", `kubeconfig ${paths.join(", ") || '""'}: none of these files exists`);
  }
  return select(files, options.context);
}

async function readConfig(path: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" && !required) return undefined;
    const problem =
      code === "ENOENT"
        ? "the file does not exist; give another with --kubeconfig or KUBECONFIG"
        : code === "EACCES"
          ? "the file may not be read by this user; change its permissions or give another"
          : `cannot be read: ${errorText(cause)}`;
    throw new KubernetesError("CONFIG", `kubeconfig ${path}: ${problem}`, { cause });
  }
}

function select(files: readonly Kubeconfig[], wanted: string | undefined): ClusterAccess {
  const paths = files.map(({ path }) => path).join(delimiter);
  const contextName = wanted ?? files.map((file) => file.currentContext).find((name) => name !== undefined);
  const known = [...new Set(files.flatMap((file) => [...file.contexts.keys()]))];
  const choices =
    known.length === 0 ? "it defines no contexts" : `contexts: ${few(known.map(shownName), mostContexts)}`;
  const fail = (problem: string): KubernetesError => new KubernetesError("CONFIG", `kubeconfig ${paths}: ${problem}`);
  if (contextName === undefined) {
    throw fail(`no current context is set; choose one with --context or "kubectl config use-context" (${choices})`);
  }
  const find = <T>(pick: (file: Kubeconfig) => T | undefined): T | undefined =>
    files.map(pick).find((found) => found !== undefined);
  const context = find((file) => file.contexts.get(contextName));
  if (context === undefined) throw fail(`context ${shownName(contextName)} is not defined (${choices})`);
  const clusterFile = files.find((file) => file.clusters.has(context.cluster));
  const cluster = clusterFile?.clusters.get(context.cluster);
  if (clusterFile === undefined || cluster === undefined) {
    throw fail(
      `context ${shownName(contextName)} names the cluster ${shownName(context.cluster)}, which is not defined`,
    );
  }
  const server = cluster.server.replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.parse(server)?.protocol ?? "")) {
    throw fail(`cluster ${shownName(context.cluster)}: its server "${shownName(server)}" is no http or https URL`);
  }
  const userFile = files.find((file) => context.user !== undefined && file.users.has(context.user));
  const user = context.user === undefined ? undefined : userFile?.users.get(context.user);
  if (context.user !== undefined && context.user !== "" && user === undefined) {
    throw fail(`context ${shownName(contextName)} names the user ${shownName(context.user)}, which is not defined`);
  }
  return {
    server,
    ca: pemSource(cluster.caData, cluster.caFile, clusterFile.path, fail),
    insecureSkipTlsVerify: cluster.insecureSkipTlsVerify,
    tlsServerName: cluster.tlsServerName,
    proxyUrl: cluster.proxyUrl,
    namespace: context.namespace,
    user: user === undefined || userFile === undefined ? {} : userAccess(user, userFile.path, fail),
    origin: `kubeconfig ${paths}, context ${shownName(contextName)}`,
  };
}

function besides(file: string, path: string): string {
  return isAbsolute(path) ? path : resolve(join(dirname(file), path));
}

/** Inline data wins over the file, as in client-go. */
function pemSource(
  data: string | undefined,
  file: string | undefined,
  configPath: string,
  fail: (problem: string) => KubernetesError,
): PemSource | undefined {
  if (data !== undefined) {
    const pem = Buffer.from(data, "base64").toString("utf8");
    if (!pem.includes("-----BEGIN ")) throw fail("a certificate or key in it is not base64 of PEM");
    return { pem };
  }
  return file === undefined ? undefined : { file: besides(configPath, file) };
}

function userAccess(user: KubeconfigUser, path: string, fail: (problem: string) => KubernetesError): UserAccess {
  return {
    token: user.token,
    tokenFile: user.tokenFile === undefined ? undefined : besides(path, user.tokenFile),
    basic: user.username === undefined ? undefined : { username: user.username, password: user.password ?? "" },
    certificate: pemSource(user.certData, user.certFile, path, fail),
    key: pemSource(user.keyData, user.keyFile, path, fail),
    exec: user.exec === undefined ? undefined : execPlugin(user.exec, path),
    authProvider: user.authProvider,
    impersonate:
      user.as === undefined
        ? undefined
        : { user: user.as, uid: user.asUid, groups: user.asGroups, extra: user.asUserExtra },
  };
}

/** A command with a path separator is relative to the kubeconfig; a bare name is looked up in PATH. */
function execPlugin(exec: ExecPlugin, path: string): ExecPlugin {
  return exec.command.includes("/") ? { ...exec, command: besides(path, exec.command) } : exec;
}
