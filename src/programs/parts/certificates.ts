import { WebhookCaBundle } from "../../certificates/ca-bundle.ts";
import { DirectoryStore } from "../../certificates/directory-store.ts";
import { CertificateFiles } from "../../certificates/files.ts";
import { CertificateKeeper } from "../../certificates/keeper.ts";
import { KubernetesSecretStore } from "../../certificates/secret-store.ts";
import type { CertificateSource } from "../../certificates/source.ts";
import type { CaBundleWriter } from "../../certificates/store.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { UsageError } from "../../process/failure.ts";
import type { Logger } from "../../telemetry/log.ts";
import { splitName } from "./split-name.ts";

export interface CertificateOptions {
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  readonly tlsSecret?: string | undefined;
  readonly tlsDir?: string | undefined;
  readonly tlsHost: readonly string[];
  readonly webhookConfiguration?: string | undefined;
  readonly atBinding: "true" | "false";
}

/** Where the serving certificate comes from, as the flags say. Throws UsageError where they say nothing or too much. */
export function certificateSource(
  options: CertificateOptions,
  client: KubernetesClient | undefined,
  log: Logger,
): CertificateSource {
  const { tlsCertFile, tlsKeyFile, tlsSecret, tlsDir, tlsHost, webhookConfiguration } = options;
  const given = [tlsCertFile ?? tlsKeyFile, tlsSecret, tlsDir].filter((value) => value !== undefined);
  if (given.length !== 1) {
    const which = given.length === 0 ? "none was given" : "more than one was given";
    throw new UsageError(`say where the serving certificate is: --tls-secret, --tls-dir, or --tls-cert-file; ${which}`);
  }
  if (tlsCertFile !== undefined || tlsKeyFile !== undefined) {
    if (tlsCertFile === undefined || tlsKeyFile === undefined) {
      throw new UsageError("--tls-cert-file and --tls-key-file belong together");
    }
    return new CertificateFiles({ certificateFile: tlsCertFile, keyFile: tlsKeyFile });
  }
  const announce = (sentence: string): void => log.info({ certificate: sentence }, "a certificate was made");
  const bundle =
    webhookConfiguration === undefined || client === undefined
      ? {}
      : { caBundle: caBundles(client, webhookConfiguration, options.atBinding === "true") };
  if (tlsDir !== undefined) {
    return new CertificateKeeper({ store: new DirectoryStore(tlsDir), hosts: tlsHost, announce, ...bundle });
  }
  const { namespace, name } = splitName(tlsSecret ?? "", "--tls-secret");
  if (client === undefined) throw new UsageError("--tls-secret needs a cluster");
  const store = new KubernetesSecretStore(client, namespace, name);
  return new CertificateKeeper({ store, hosts: tlsHost, announce, ...bundle });
}

/** The configuration for Pods, and the one of the same name for bindings. */
function caBundles(client: KubernetesClient, name: string, atBinding: boolean): CaBundleWriter {
  const pods = new WebhookCaBundle(client, "MutatingWebhookConfiguration", name);
  if (!atBinding) return pods;
  const bindings = new WebhookCaBundle(client, "ValidatingWebhookConfiguration", name);
  return {
    place: `${pods.place} and ${bindings.place}`,
    write: async (bundle, signal) => {
      const written = await Promise.all([pods.write(bundle, signal), bindings.write(bundle, signal)]);
      return written.includes(true);
    },
  };
}
