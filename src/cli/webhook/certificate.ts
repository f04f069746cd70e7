import { UsageError } from "../../process/failure.ts";
import type { CertificatePlace } from "../../programs/parts/certificates.ts";
import { objectName } from "../input/object-name.ts";

export interface CertificateFlags {
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  readonly tlsSecret?: string | undefined;
  readonly tlsDir?: string | undefined;
  readonly tlsHost: readonly string[];
}

/** Reads the place of the serving certificate from the flags. @throws UsageError where they name none, or several */
export function certificatePlace(flags: CertificateFlags): CertificatePlace {
  const { tlsCertFile, tlsKeyFile, tlsSecret, tlsDir, tlsHost } = flags;
  const given = [tlsCertFile ?? tlsKeyFile, tlsSecret, tlsDir].filter((value) => value !== undefined);
  if (given.length !== 1) {
    const which = given.length === 0 ? "none was given" : "more than one was given";
    throw new UsageError(`say where the serving certificate is: --tls-secret, --tls-dir, or --tls-cert-file; ${which}`);
  }
  if (tlsDir !== undefined) return { kind: "folder", folder: tlsDir, hosts: tlsHost };
  if (tlsSecret !== undefined) return { kind: "secret", ...objectName(tlsSecret, "--tls-secret") };
  if (tlsCertFile === undefined || tlsKeyFile === undefined) {
    throw new UsageError("--tls-cert-file and --tls-key-file belong together");
  }
  return { kind: "files", certificateFile: tlsCertFile, keyFile: tlsKeyFile };
}
