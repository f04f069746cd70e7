/** One CPU name as data: what the graph is built from. */
export interface CpuRow {
  readonly name: string;
  readonly parents: readonly string[];
  readonly vendor: string;
  /** Flags, separated by blanks. */
  readonly features: string;
  readonly generation?: number;
  readonly cpupart?: string;
}

/** A flag that a CPU has where it lists any of some others, or where it descends from one of some roots. */
export interface FlagAlias {
  readonly anyOf?: readonly string[];
  readonly families?: readonly string[];
}
