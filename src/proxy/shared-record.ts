/** Where things are written down for replicas and after a restart. */
export interface SharedRecord<T> {
  /** For messages. */
  readonly place: string;
  /** Resolves once others find them. */
  add(all: readonly T[]): Promise<void>;
  /** All that are written down, the oldest first; undefined where nothing has changed since they were read last. */
  read(): Promise<readonly T[] | undefined>;
}

/** How one thing is written: as a JSON object in a line, without a member `at`. */
export interface RecordForm<T> {
  /** One and the same for all who write it. A later one takes the place of an earlier one. */
  keyOf(one: T): string;
  write(one: T): string;
  /** Undefined for what is none: a line may be half written, and anybody's. */
  read(text: string): T | undefined;
}

/** Undefined for a text that is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
