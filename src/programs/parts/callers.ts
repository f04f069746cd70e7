import { X509Certificate } from "node:crypto";
import type { TlsOptions, TlsVersion } from "../../http/server.ts";
import { UsageError } from "../../process/failure.ts";
import { readRequired } from "../../process/read-required.ts";
import type { AdmissionServerOptions } from "../../webhook/server.ts";

/** Whom a webhook answers. */
export interface CallersOptions {
  readonly minVersion: TlsVersion;
  /** PEM. Absent: clients need no certificate. */
  readonly clientCaFile?: string | undefined;
  /** Secret segments, one a line, of which every path begins with one. Absent: paths have none. */
  readonly pathSegmentFile?: string | undefined;
}

/** At least 128 random bits, in hexadecimal digits or base64url: nothing that a URL would write otherwise. */
const segmentForm = /^[A-Za-z0-9_-]{32,256}$/;

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

/** @throws CommandError FILE_UNREADABLE, UsageError where a line is no segment, which is not repeated: it is a secret */
export async function segmentsOf({
  pathSegmentFile,
}: CallersOptions): Promise<Pick<AdmissionServerOptions, "pathSegments">> {
  if (pathSegmentFile === undefined) return {};
  const text = await readRequired(pathSegmentFile, "--path-segment-file");
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const pathSegments = lines.filter((line) => line !== "");
  const wrong = lines.findIndex((line) => line !== "" && !segmentForm.test(line));
  if (wrong !== -1 || pathSegments.length === 0) {
    const where = wrong === -1 ? "has none" : `line ${wrong + 1} is none`;
    const form = "32 to 256 letters, digits, - and _";
    throw new UsageError(`--path-segment-file ${pathSegmentFile}: a path segment is ${form}; the file ${where}`);
  }
  return { pathSegments };
}
