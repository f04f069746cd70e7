import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Clock, systemClock } from "../time/clock.ts";
import { CertificateError } from "./error.ts";
import { isPair, lifeOf } from "./material.ts";
import type { CertificateSource, ServingCertificate, Watching } from "./source.ts";

export interface CertificateFilesOptions {
  /** PEM, the chain's leaf first. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Files are read again at least this often, since not every file system tells of changes. Default 1 minute. */
  readonly pollMs?: number;
  readonly clock?: Clock;
}

/** Writers touch several files: wait a little for the last of them. */
const settleMs = 100;

/** A certificate that somebody else keeps in two files, e.g. a mounted Secret of cert-manager. */
export class CertificateFiles implements CertificateSource {
  readonly #options: CertificateFilesOptions;
  readonly #clock: Clock;
  #current: ServingCertificate | undefined;

  constructor(options: CertificateFilesOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async obtain(signal: AbortSignal): Promise<ServingCertificate> {
    const { certificateFile, keyFile } = this.#options;
    const [cert, key] = await Promise.all([readText(certificateFile, signal), readText(keyFile, signal)]);
    if (!isPair({ certificate: cert, key })) {
      throw new CertificateError(
        "FILES_UNREADABLE",
        `${certificateFile} and ${keyFile} do not hold a PEM certificate and its private key`,
      );
    }
    this.#current = { cert, key, notAfter: lifeOf(cert).notAfter };
    return this.#current;
  }

  async watch({ signal, install, report }: Watching): Promise<void> {
    const changes = new Changes(this.#options, this.#clock);
    try {
      while (await changes.next(signal)) {
        const before = this.#current?.cert;
        try {
          const certificate = await this.obtain(signal);
          if (certificate.cert !== before) install(certificate);
        } catch (error) {
          if (signal.aborted) return;
          report(error instanceof Error ? error : new CertificateError("FILES_UNREADABLE", String(error)));
        }
      }
    } finally {
      changes.close();
    }
  }
}

/**
 * Tells that one of the folders changed, or that the poll's time is over. Folders and not files are watched: kubelet
 * changes a mounted Secret by renaming a link beside the files, and a renamed file has lost its watch.
 */
class Changes {
  readonly #watchers: FSWatcher[] = [];
  readonly #clock: Clock;
  readonly #pollMs: number;
  #wake: (() => void) | undefined;
  #changed = false;

  constructor({ certificateFile, keyFile, pollMs = 60_000 }: CertificateFilesOptions, clock: Clock) {
    this.#clock = clock;
    this.#pollMs = pollMs;
    for (const folder of new Set([dirname(certificateFile), dirname(keyFile)])) {
      const watcher = watch(folder, { persistent: false }, () => this.#onChange());
      // The folder went away, or there are no watches left: the poll goes on by itself.
      watcher.on("error", () => watcher.close());
      this.#watchers.push(watcher);
    }
  }

  /** Resolves to false when the signal aborts. */
  next(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(false);
        return;
      }
      let cancel = this.#clock.after(this.#pollMs, () => end(true));
      const end = (goOn: boolean): void => {
        cancel();
        this.#wake = undefined;
        this.#changed = false;
        signal.removeEventListener("abort", onAbort);
        resolve(goOn);
      };
      const onAbort = (): void => end(false);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#wake = () => {
        cancel();
        cancel = this.#clock.after(settleMs, () => end(true));
      };
      if (this.#changed) this.#wake();
    });
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #onChange(): void {
    this.#changed = true;
    this.#wake?.();
  }
}

async function readText(file: string, signal: AbortSignal): Promise<string> {
  try {
    return await readFile(file, { encoding: "utf8", signal });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError("FILES_UNREADABLE", `cannot read the certificate file ${file}: ${reason}`, { cause });
  }
}
