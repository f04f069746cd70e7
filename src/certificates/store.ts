import type { StoredData } from "./material.ts";

/** The stored texts, with a version that changes with each write. */
export interface Stored {
  readonly data: StoredData;
  readonly version: string;
}

/** A place that several replicas share. Writes are optimistic: whoever comes second gets "conflict" and reads again. */
export interface CertificateStore {
  /** Where, for messages: `Secret metahub/webhook-tls`. */
  readonly place: string;
  read(signal: AbortSignal): Promise<Stored | undefined>;
  create(data: Required<StoredData>, signal: AbortSignal): Promise<Stored | "conflict">;
  update(data: Required<StoredData>, version: string, signal: AbortSignal): Promise<Stored | "conflict">;
}
