import { createdAt } from "../certificates/issue.ts";
import { readableCertificates } from "../certificates/material.ts";
import type { Secret, SecretData } from "../kubernetes/secrets/secret.ts";
import type { SecretStore } from "../kubernetes/secrets/store.ts";
import { type KeptCertificates, keepCertificates } from "./certificates.ts";
import { type ConfigurationName, placeOf } from "./configurations.ts";
import { contendedMs, forever, type KeeperContext, type NextLook, type ReadConfigurations } from "./context.ts";
import { KeeperError } from "./error.ts";

export interface CertificateDutyOptions extends KeeperContext {
  readonly authority: Pick<SecretStore, "read" | "write" | "place">;
  readonly serving: Pick<SecretStore, "read" | "write" | "place">;
  /** DNS names and addresses that the API server calls. */
  readonly hosts: readonly string[];
  readonly authorityLifetimeMs: number;
  readonly certificateLifetimeMs: number;
}

/**
 * How long an API server may take to hear of a configuration, ms: a new certificate waits that long after its authority
 * was written, where the old one still serves. Their watches take milliseconds.
 */
const settleMs = 10_000;

/** The outcome of telling every configuration. */
interface Told {
  readonly written: boolean;
  readonly failure?: KeeperError;
}

/** Keeps the authority and the serving certificate, and the authority in every configuration. */
export class CertificateDuty {
  readonly #options: CertificateDutyOptions;

  constructor(options: CertificateDutyOptions) {
    this.#options = options;
  }

  /** @throws KubernetesError, KeeperError CONFIGURATION_UNWRITTEN */
  async look({ current, former }: ReadConfigurations, signal: AbortSignal): Promise<NextLook> {
    const { authority, serving, hosts, clock, log, writes } = this.#options;
    const [keptAuthority, keptServing] = await Promise.all([authority.read(signal), serving.read(signal)]);
    const kept = await keepCertificates(keptAuthority?.data, keptServing?.data, {
      hosts,
      now: clock.wall(),
      authorityName: "metahub",
      authorityLifetimeMs: this.#options.authorityLifetimeMs,
      certificateLifetimeMs: this.#options.certificateLifetimeMs,
    });
    // The key first: without it nobody could ever sign for the authority that is trusted from here on.
    if (!isSame(keptAuthority?.data, kept.authority)) {
      if ((await authority.write(kept.authority, keptAuthority, signal)) === "conflict") return contendedMs;
      writes.add("authority");
      for (const reason of kept.reasons) log.info({ reason }, "an authority was made");
    }
    const told = await this.#tell(
      [...current, ...former].map(({ named }) => named),
      kept.bundle,
      signal,
    );
    const next = isSame(keptServing?.data, kept.serving) ? forever : await this.#serve(kept, keptServing, told, signal);
    if (told.failure !== undefined) throw told.failure;
    return next;
  }

  /** Writes another serving certificate, once its authority is known or nothing else can be served. */
  async #serve(kept: KeptCertificates, before: Secret | undefined, told: Told, signal: AbortSignal): Promise<NextLook> {
    const { serving, log, writes } = this.#options;
    if (kept.servesStill && told.failure !== undefined) throw told.failure;
    const waitMs = kept.servesStill ? this.#untilKnown(kept.authority["ca.crt"] ?? "", told.written) : 0;
    if (waitMs > 0) return waitMs;
    if ((await serving.write(kept.serving, before, signal)) === "conflict") return contendedMs;
    writes.add("certificate");
    for (const reason of kept.reasons) log.info({ reason }, "a certificate was made");
    return forever;
  }

  /**
   * How long every API server may still need to hear of the signing authority, ms. By the authority's own age, so that it
   * holds for every keeper, whichever of them told it.
   */
  #untilKnown(authorities: string, written: boolean): number {
    const [signing = ""] = readableCertificates(authorities);
    const age = this.#options.clock.wall().getTime() - createdAt(signing).getTime();
    return Math.max(settleMs - Math.max(age, 0), written ? settleMs : 0);
  }

  /** Writes the authority into every configuration, whatever becomes of one. Without it the API server trusts nobody. */
  async #tell(names: readonly ConfigurationName[], bundle: string, signal: AbortSignal): Promise<Told> {
    const { configurations, writes, log } = this.#options;
    let written = false;
    let failure: KeeperError | undefined;
    for (const named of names) {
      try {
        if (!(await configurations.write(named, { bundle }, signal))) continue;
        written = true;
        writes.add("authority-in-configuration");
        log.info({ configuration: placeOf(named) }, "the API server is told other authorities");
      } catch (cause) {
        if (!(cause instanceof KeeperError) || signal.aborted) throw cause;
        failure = cause;
      }
    }
    return failure === undefined ? { written } : { written, failure };
  }
}

function isSame(stored: SecretData | undefined, wanted: SecretData): boolean {
  if (stored === undefined) return false;
  const keys = new Set([...Object.keys(stored), ...Object.keys(wanted)]);
  return [...keys].every((key) => stored[key] === wanted[key]);
}
