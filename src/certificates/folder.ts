import { type Clock, pause, systemClock } from "../time/clock.ts";
import { CertificateError } from "./error.ts";
import { lifeOf, renewalTime } from "./material.ts";
import { type Material, renew, toStored } from "./renew.ts";
import type { CertificateSource, ServingCertificate, Watching } from "./source.ts";
import type { CertificateStore, Stored } from "./store.ts";

const dayMs = 86_400_000;
/** It rotates without anybody noticing, so only its theft matters. */
export const authorityLifetimeMs = 730 * dayMs;
/** Renewed after 60. */
export const certificateLifetimeMs = 90 * dayMs;

export interface FolderCertificatesOptions {
  readonly store: CertificateStore;
  /** DNS names and addresses that clients call. */
  readonly hosts: readonly string[];
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

/** Our own authority and serving certificate, kept in a folder and renewed by whoever is first. */
export class FolderCertificates implements CertificateSource {
  readonly #options: FolderCertificatesOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #pollMs: number;
  #current: ServingCertificate | undefined;

  constructor(options: FolderCertificatesOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#pollMs = options.pollMs ?? 60_000;
  }

  async obtain(signal: AbortSignal): Promise<ServingCertificate> {
    this.#current = await this.#look(signal);
    return this.#current;
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

  /** Installs what is current. @throws what keeps it from being current */
  async #refresh(signal: AbortSignal, install: Watching["install"]): Promise<void> {
    const certificate = await this.#look(signal);
    if (certificate.cert === this.#current?.cert) return;
    install(certificate);
    this.#current = certificate;
  }

  /** Between half and the whole of the poll, or earlier where the certificate is due. */
  #untilNext(): number {
    const poll = this.#pollMs * (1 - this.#random() / 2);
    if (this.#current === undefined) return poll;
    const due = renewalTime(lifeOf(this.#current.cert)).getTime() - this.#clock.wall().getTime();
    return Math.max(Math.min(poll, due), Math.min(firstRetryMs, this.#pollMs));
  }

  /** One look: what is stored is made current. */
  async #look(signal: AbortSignal): Promise<ServingCertificate> {
    for (let round = 0; round < rounds; round++) {
      const material = await this.#makeCurrent(signal);
      if (material !== "conflict") return toServing(material);
    }
    throw new CertificateError(
      "CONTENDED",
      `${this.#options.store.place}: others changed it ${rounds} times while it was being renewed; does anything else write it?`,
    );
  }

  async #makeCurrent(signal: AbortSignal): Promise<Material | "conflict"> {
    const { store, hosts, announce } = this.#options;
    const stored = await store.read(signal);
    const { material, reasons } = await renew(stored?.data, {
      hosts,
      now: this.#clock.wall(),
      authorityName: "metahub",
      authorityLifetimeMs: this.#options.authorityLifetimeMs ?? authorityLifetimeMs,
      certificateLifetimeMs: this.#options.certificateLifetimeMs ?? certificateLifetimeMs,
    });
    if (stored !== undefined && reasons.length === 0) return material;
    const written: Stored | "conflict" =
      stored === undefined
        ? await store.create(toStored(material), signal)
        : await store.update(toStored(material), stored.version, signal);
    if (written === "conflict") return "conflict";
    for (const reason of reasons) announce?.(`${store.place}: ${reason}`);
    return material;
  }
}

function toServing({ serving }: Material): ServingCertificate {
  return { cert: serving.certificate, key: serving.key, notAfter: lifeOf(serving.certificate).notAfter };
}
