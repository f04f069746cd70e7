/** Numbers and times as people of a language write them. */
export interface Formats {
  /** A BCP 47 tag: the `lang` of what is written. */
  readonly locale: string;
  number(value: number): string;
  /** To the second, with the time zone. An unreadable time stays as it is. */
  absolute(time: string): string;
  /** `3 days ago`, `in 2 hours`. */
  relative(time: string, now: number): string;
  /** The day alone. */
  day(time: string): string;
}

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, milliseconds: number])[] = [
  ["year", 31_557_600_000],
  ["month", 2_629_800_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

export function formatsOf(language: string): Formats {
  const locale = Intl.NumberFormat.supportedLocalesOf([language])[0] ?? "en";
  const numbers = new Intl.NumberFormat(locale);
  const times = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" });
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const distances = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const formatted = (time: string, format: Intl.DateTimeFormat): string => {
    const at = Date.parse(time);
    return Number.isNaN(at) ? time : format.format(at);
  };
  return {
    locale,
    number: (value) => numbers.format(value),
    absolute: (time) => formatted(time, times),
    day: (time) => formatted(time, days),
    relative(time, now) {
      const at = Date.parse(time);
      if (Number.isNaN(at)) return time;
      const distance = at - now;
      const [unit, length] = units.find(([, size]) => Math.abs(distance) >= size) ?? ["second", 1000];
      return distances.format(Math.trunc(distance / length), unit);
    },
  };
}
