import { UsageError } from "../../process/failure.ts";
import type { CertificatePlace } from "../../programs/parts/certificates.ts";

/** Only this machine is spoken to over plain HTTP. */
const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** How clients reach a server: https, or http on this machine, and a host without a path. Undefined for anything else. */
export function externalOrigin(text: string): URL | undefined {
  const url = URL.parse(text);
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && loopback.test(url.hostname));
  return secure && url?.origin === text.replace(/\/$/, "") ? url : undefined;
}

export interface CertificateFlags {
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  readonly tlsDir?: string | undefined;
  readonly tlsHost: readonly string[];
}

/** A certificate among files: of a folder, or two of them. @throws UsageError where one of two lacks */
export function certificateFiles({ tlsCertFile, tlsKeyFile, tlsDir, tlsHost }: CertificateFlags): CertificatePlace {
  if (tlsDir !== undefined) return { kind: "folder", folder: tlsDir, hosts: tlsHost };
  if (tlsCertFile === undefined || tlsKeyFile === undefined) {
    throw new UsageError("--tls-cert-file and --tls-key-file belong together");
  }
  return { kind: "files", certificateFile: tlsCertFile, keyFile: tlsKeyFile };
}
