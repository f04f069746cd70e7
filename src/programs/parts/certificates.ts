import { WebhookCaBundle } from "../../certificates/ca-bundle.ts";
import { DirectoryStore } from "../../certificates/directory-store.ts";
import { CertificateFiles } from "../../certificates/files.ts";
import { CertificateKeeper } from "../../certificates/keeper.ts";
import type { CertificateMetrics } from "../../certificates/metrics.ts";
import { KubernetesSecretStore } from "../../certificates/secret-store.ts";
import type { CertificateSource } from "../../certificates/source.ts";
import type { CaBundleWriter, SecretStore } from "../../certificates/store.ts";
import type { HttpServer } from "../../http/server.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { UsageError } from "../../process/failure.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Lifecycle } from "./lifecycle.ts";

/** The place of the serving certificate: files that somebody else keeps, or a store where the program keeps its own. */
export type CertificatePlace =
  | { readonly kind: "files"; readonly certificateFile: string; readonly keyFile: string }
  | { readonly kind: "folder"; readonly folder: string; readonly hosts: readonly string[] }
  | { readonly kind: "secret"; readonly namespace: string; readonly name: string; readonly hosts: readonly string[] };

export interface CertificateOptions {
  readonly place: CertificatePlace;
  /** The webhook configurations of this name are told the authority. */
  readonly webhookConfiguration?: string | undefined;
  /** True where there is a configuration for bindings too. */
  readonly atBinding: boolean;
}

/** The source of the serving certificate. @throws UsageError where a Secret is to hold it and there is no cluster */
export function certificateSource(
  { place, webhookConfiguration, atBinding }: CertificateOptions,
  client: KubernetesClient | undefined,
  log: Logger,
): CertificateSource {
  if (place.kind === "files") return new CertificateFiles(place);
  const bundle =
    webhookConfiguration === undefined || client === undefined
      ? {}
      : { caBundle: caBundles(client, webhookConfiguration, atBinding) };
  return new CertificateKeeper({
    store: storeOf(place, client),
    hosts: place.hosts,
    announce: (sentence) => log.info({ certificate: sentence }, "a certificate was made"),
    ...bundle,
  });
}

export interface RenewalOptions {
  readonly source: CertificateSource;
  readonly server: Pick<HttpServer, "setCertificate">;
  readonly metrics: CertificateMetrics;
  readonly log: Logger;
}

/** Keeps the certificate of a server current until the process ends. */
export function renewCertificate(life: Lifecycle, { source, server, metrics, log }: RenewalOptions): void {
  life.run("the serving certificate", (signal) =>
    source.watch({
      signal,
      install: (renewed) => {
        server.setCertificate(renewed);
        metrics.show(renewed);
        log.info({ notAfter: renewed.notAfter }, "serving another certificate");
      },
      report: (error) => log.error({ error }, "the serving certificate cannot be kept current"),
    }),
  );
}

function storeOf(
  place: Exclude<CertificatePlace, { kind: "files" }>,
  client: KubernetesClient | undefined,
): SecretStore {
  if (place.kind === "folder") return new DirectoryStore(place.folder);
  if (client === undefined) throw new UsageError("--tls-secret needs a cluster");
  return new KubernetesSecretStore(client, place.namespace, place.name);
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
