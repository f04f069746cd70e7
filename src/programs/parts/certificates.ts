import { DirectoryStore } from "../../certificates/directory-store.ts";
import { CertificateFiles } from "../../certificates/files.ts";
import { FolderCertificates } from "../../certificates/folder.ts";
import { FollowedCertificate } from "../../certificates/followed.ts";
import type { CertificateMetrics } from "../../certificates/metrics.ts";
import type { CertificateSource } from "../../certificates/source.ts";
import type { HttpServer } from "../../http/server.ts";
import type { FollowedSecret } from "../../kubernetes/secrets/follow.ts";
import type { SecretName } from "../../kubernetes/secrets/secret.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Lifecycle } from "./lifecycle.ts";

/** The place of the serving certificate: files or a Secret that somebody else keeps, or a folder of our own. */
export type CertificatePlace =
  | { readonly kind: "files"; readonly certificateFile: string; readonly keyFile: string }
  | { readonly kind: "folder"; readonly folder: string; readonly hosts: readonly string[] }
  | ({ readonly kind: "secret" } & SecretName);

/** The source of the serving certificate. @throws KubernetesError where a Secret cannot be asked for */
export async function certificateSource(
  place: CertificatePlace,
  { log, followed }: { readonly log: Logger; readonly followed: (named: SecretName) => Promise<FollowedSecret> },
): Promise<CertificateSource> {
  switch (place.kind) {
    case "files":
      return new CertificateFiles(place);
    case "secret":
      return new FollowedCertificate(await followed(place));
    case "folder":
      return new FolderCertificates({
        store: new DirectoryStore(place.folder),
        hosts: place.hosts,
        announce: (sentence) => log.info({ certificate: sentence }, "a certificate was made"),
      });
  }
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
