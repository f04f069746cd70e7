import { type Clock, pause, systemClock } from "../time/clock.ts";
import { CertificateError } from "./error.ts";
import { lifeOf, renewalTime } from "./material.ts";
import { bundleOf, type Material, renew, toStored } from "./renew.ts";
import type { CertificateSource, ServingCertificate, Watching } from "./source.ts";
import type { CaBundleWriter, SecretStore, Stored } from "./store.ts";

const dayMs = 86_400_000;

export interface KeeperOptions {
  readonly store: SecretStore;
  /** DNS names and addresses that clients call. */
  readonly hosts: readonly string[];
  /** Absent: nobody is told (the authority is read from the store by hand). */
  readonly caBundle?: CaBundleWriter;
  /** Default 2 years: it rotates without anybody noticing, so only its theft matters. */
  readonly authorityLifetimeMs?: number;
  /** Default 90 days, renewed after 60. */
  readonly certificateLifetimeMs?: number;
  /** Longest time between two looks at the store. Default 1 minute: how soon another replica's write is taken up. */
  readonly pollMs?: number;
  /** Called with one sentence for each thing that was made anew. */
  readonly announce?: (sentence: string) => void;
  readonly clock?: Clock;
  /** Default Math.random; spreads the replicas' looks. */
  readonly random?: () => number;
}

/** After a failure it is tried again, first after this time, then doubled up to the poll's. */
const firstRetryMs = 1_000;

/** Each round loses at most once to each other replica; more means that somebody else writes this place. */
const rounds = 8;

/** Our own authority and serving certificate, kept in a place that all replicas share and renewed by whoever is first. */
export class CertificateKeeper implements CertificateSource {
  readonly #options: KeeperOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #pollMs: number;
  #current: ServingCertificate | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#pollMs = options.pollMs ?? 60_000;
  }

  /** Resolves also where the bundle could not be written: clients may have it already, and `watch` tries again. */
  async obtain(signal: AbortSignal): Promise<ServingCertificate> {
    const { certificate } = await this.#look(signal);
    this.#current = certificate;
    return certificate;
  }

  async watch({ signal, install, report }: Watching): Promise<void> {
    let waitMs = this.#current === undefined ? 0 : this.#untilNext();
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      try {
        if (waitMs > 0) await pause(this.#clock, waitMs, signal);
        await this.#refresh(signal, install);
        waitMs = this.#untilNext();
        retryMs = firstRetryMs;
      } catch (error) {
        if (signal.aborted) return;
        report(error instanceof Error ? error : new CertificateError("STORE_FAILED", String(error), { cause: error }));
        waitMs = Math.min(retryMs, this.#pollMs);
        retryMs = waitMs * 2;
      }
    }
  }

  /** Installs what is current. @throws what keeps it from being current, or clients from knowing its authority */
  async #refresh(signal: AbortSignal, install: Watching["install"]): Promise<void> {
    const { certificate, bundleProblem } = await this.#look(signal);
    // A new certificate whose authority clients do not know yet waits for as long as the old one is good.
    if (bundleProblem === undefined || !this.#isGood()) this.#install(certificate, install);
    if (bundleProblem !== undefined) throw bundleProblem;
  }

  #install(certificate: ServingCertificate, install: Watching["install"]): void {
    if (certificate.cert === this.#current?.cert) return;
    install(certificate);
    this.#current = certificate;
  }

  #isGood(): boolean {
    return this.#current !== undefined && this.#current.notAfter > this.#clock.wall();
  }

  /** Between half and the whole of the poll, or earlier where the certificate is due. */
  #untilNext(): number {
    const poll = this.#pollMs * (1 - this.#random() / 2);
    if (this.#current === undefined) return poll;
    const due = renewalTime(lifeOf(this.#current.cert)).getTime() - this.#clock.wall().getTime();
    return Math.max(Math.min(poll, due), Math.min(firstRetryMs, this.#pollMs));
  }

  /** One look: what is stored is made current, and clients are told before the certificate is served. */
  async #look(
    signal: AbortSignal,
  ): Promise<{ readonly certificate: ServingCertificate; readonly bundleProblem?: Error }> {
    const { store, caBundle } = this.#options;
    for (let round = 0; round < rounds; round++) {
      const stored = await this.#makeCurrent(signal);
      if (stored === "conflict") continue;
      const certificate = toServing(stored.material);
      if (caBundle === undefined) return { certificate };
      try {
        const written = await caBundle.write(bundleOf(stored.material.authorities), signal);
        // Another replica may have stored and announced a newer authority between our reading and our writing; whoever
        // announces last must have seen the last one.
        if (!written || (await store.read(signal))?.version === stored.version) return { certificate };
      } catch (error) {
        if (signal.aborted || !(error instanceof Error)) throw error;
        return { certificate, bundleProblem: error };
      }
    }
    throw new CertificateError(
      "CONTENDED",
      `${store.place}: others changed it ${rounds} times while it was being renewed; does anything else write it?`,
    );
  }

  async #makeCurrent(
    signal: AbortSignal,
  ): Promise<{ readonly material: Material; readonly version: string } | "conflict"> {
    const { store, hosts, announce } = this.#options;
    const stored = await store.read(signal);
    const { material, reasons } = await renew(stored?.data, {
      hosts,
      now: this.#clock.wall(),
      authorityName: "metahub",
      authorityLifetimeMs: this.#options.authorityLifetimeMs ?? 730 * dayMs,
      certificateLifetimeMs: this.#options.certificateLifetimeMs ?? 90 * dayMs,
    });
    if (stored !== undefined && reasons.length === 0) return { material, version: stored.version };
    const written: Stored | "conflict" =
      stored === undefined
        ? await store.create(toStored(material), signal)
        : await store.update(toStored(material), stored.version, signal);
    if (written === "conflict") return "conflict";
    for (const reason of reasons) announce?.(`${store.place}: ${reason}`);
    return { material, version: written.version };
  }
}

function toServing({ serving }: Material): ServingCertificate {
  return { cert: serving.certificate, key: serving.key, notAfter: lifeOf(serving.certificate).notAfter };
}
