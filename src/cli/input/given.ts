/** The options of one command as commander hands them over. A wrong type is a mistake of the program, never of its user. */
export class Given {
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(options: unknown) {
    this.#values = new Map(Object.entries(Object(options)));
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined || typeof value === "string") return value;
    throw new TypeError(`--${name} is no text`);
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined || typeof value === "number") return value;
    throw new TypeError(`--${name} is no number`);
  }

  flag(name: string): boolean {
    return this.#values.get(name) === true;
  }

  /** The values of an option that may be given several times; empty where it was not. */
  texts(name: string): readonly string[] {
    const value = this.#values.get(name) ?? [];
    if (Array.isArray(value)) return value.map(String);
    throw new TypeError(`--${name} is no list`);
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.#values.get(name);
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new TypeError(`--${name} is none of ${choices.join(", ")}`);
    return found;
  }
}

/** For `argParser`: gathers the values of an option that may be given several times, and unlike `<value...>` takes none of the arguments that follow. */
export function gather(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
