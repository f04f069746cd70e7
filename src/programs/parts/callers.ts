import { X509Certificate } from "node:crypto";
import type { TlsOptions, TlsVersion } from "../../http/server.ts";
import { UsageError } from "../../process/failure.ts";
import { readRequired } from "../../process/read-required.ts";

/** Whom a webhook answers. */
export interface CallersOptions {
  readonly minVersion: TlsVersion;
  /** PEM. Absent: clients need no certificate. */
  readonly clientCaFile?: string | undefined;
}

/** @throws CommandError FILE_UNREADABLE, UsageError where the file has no certificate */
export async function tlsOf({ minVersion, clientCaFile }: CallersOptions): Promise<Omit<TlsOptions, "certificate">> {
  if (clientCaFile === undefined) return { minVersion };
  const clientAuthorities = await readRequired(clientCaFile, "--client-ca-file");
  try {
    new X509Certificate(clientAuthorities);
  } catch (cause) {
    throw new UsageError(`--client-ca-file ${clientCaFile}: no certificate (PEM)`, { cause });
  }
  return { minVersion, clientAuthorities };
}
