/** Takes one finished line, without its line end. */
export type WriteLine = (line: string) => void;

export interface Progress {
  /** Says one thing, with the time since the beginning before it. */
  say(text: string): void;
  /** Says what begins, says every 15 s that it still runs, and returns what `work` returns. */
  during<T>(what: string, work: () => Promise<T>): Promise<T>;
}

/** Often enough that nobody thinks a build of minutes hangs, rarely enough for a CI log. */
const reminderMs = 15_000;

export function createProgress(write: WriteLine | undefined, now: () => number = Date.now): Progress {
  const began = now();
  const say = (text: string): void => write?.(`[${formatElapsed(now() - began)}] ${text}`);
  return {
    say,
    async during(what, work) {
      const stepBegan = now();
      say(what);
      const reminder = setInterval(() => say(`${what}: ${formatElapsed(now() - stepBegan)} so far`), reminderMs);
      reminder.unref();
      try {
        return await work();
      } finally {
        clearInterval(reminder);
      }
    },
  };
}

/** `0.4s`, `12s`, `3m05s`. */
export function formatElapsed(milliseconds: number): string {
  if (milliseconds < 9_950) return `${(milliseconds / 1000).toFixed(1)}s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}
