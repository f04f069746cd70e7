import { isRecord } from "../../json/object.ts";
import { runProgram } from "../../process/run.ts";
import { abortError, errorText, KubernetesError } from "../error.ts";
import { stringOf } from "../object.ts";
import type { ClusterAccess, ExecPlugin } from "./access.ts";

/** The answer of a credential plugin: `status` of client.authentication.k8s.io ExecCredential. */
export interface ExecCredential {
  readonly token: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
}

/** Bytes of a plugin's answer, which holds a token or a certificate with its key. */
const maxOutput = 1_048_576;

/**
 * Runs a credential plugin once, without a terminal. The signal kills it.
 *
 * client-node 2.0.1 has such a thing, but without KUBERNETES_EXEC_INFO (plugins refuse to run without it), time
 * limit or bound on what it reads.
 *
 * @param environment what the plugin inherits
 * @throws KubernetesError CONFIG, or the signal's reason
 */
export async function runExecPlugin(
  plugin: ExecPlugin,
  access: ClusterAccess,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<ExecCredential> {
  const request = {
    kind: "ExecCredential",
    apiVersion: plugin.apiVersion,
    spec: { interactive: false, ...(plugin.provideClusterInfo ? { cluster: clusterInfo(access) } : {}) },
  };
  const env = { ...environment, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(request) };
  const output = await run(plugin, env, signal);
  return parseCredential(output, plugin);
}

function clusterInfo(access: ClusterAccess): Record<string, unknown> {
  const ca = access.ca !== undefined && "pem" in access.ca ? Buffer.from(access.ca.pem).toString("base64") : undefined;
  return {
    server: access.server,
    "tls-server-name": access.tlsServerName,
    "insecure-skip-tls-verify": access.insecureSkipTlsVerify,
    "certificate-authority-data": ca,
    "proxy-url": access.proxyUrl,
    config: null,
  };
}

async function run(plugin: ExecPlugin, env: Record<string, string | undefined>, signal: AbortSignal): Promise<string> {
  const fail = (problem: string, cause?: unknown): KubernetesError => {
    const hint = plugin.installHint === undefined ? "" : ` (${plugin.installHint.trim()})`;
    return new KubernetesError("CONFIG", `credential plugin ${plugin.command}: ${problem}${hint}`, { cause });
  };
  // Standard error goes to the user: it tells how to log in. Standard output holds the secret.
  const { how, code, killedBy, output, problem } = await runProgram(plugin.command, plugin.args, {
    env,
    signal,
    maxOutputBytes: maxOutput,
    errors: "inherit",
  });
  if (how !== "exited" && how !== "not-started" && problem !== undefined) throw fail("cannot be ended", problem);
  if (how === "aborted") throw abortError(signal, `credential plugin ${plugin.command}`);
  if (how === "too-much") throw fail("wrote more than 1 MiB");
  if (how === "not-started") throw fail(`cannot be run: ${errorText(problem)}`, problem);
  if (code !== 0) throw fail(`ended with ${killedBy ?? `exit code ${code}`}`);
  return output;
}

/** @throws KubernetesError CONFIG; the output is never repeated, it holds the secret. */
function parseCredential(output: string, plugin: ExecPlugin): ExecCredential {
  const fail = (problem: string): KubernetesError =>
    new KubernetesError("CONFIG", `credential plugin ${plugin.command}: ${problem}`);
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    throw fail("its output is no JSON");
  }
  if (!isRecord(value) || value["kind"] !== "ExecCredential") throw fail("its output is no ExecCredential");
  if (value["apiVersion"] !== plugin.apiVersion) throw fail(`its output is not of ${plugin.apiVersion}`);
  const status = isRecord(value["status"]) ? value["status"] : {};
  const token = stringOf(status["token"]);
  const certificate = stringOf(status["clientCertificateData"]);
  const key = stringOf(status["clientKeyData"]);
  if (token === undefined && (certificate === undefined || key === undefined)) {
    throw fail("its output holds neither a token nor a certificate with its key");
  }
  const expires = stringOf(status["expirationTimestamp"]);
  const expiresAt = expires === undefined ? undefined : Date.parse(expires);
  if (Number.isNaN(expiresAt)) throw fail("its expirationTimestamp is no time");
  return { token, certificate, key, expiresAt };
}
