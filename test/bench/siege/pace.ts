/**
 * Does something so many times a second until the signal ends: not sooner where it was late, and however long each takes.
 * What it does must not throw. At most so many are under way; the others are left out.
 */
export function atRate(perSecond: number, signal: AbortSignal, act: (row: number) => Promise<void>, most = 256): Paced {
  const paced = { done: 0, leftOut: 0, running: 0 };
  const began = performance.now();
  let row = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
    for (; row < due; row += 1) {
      if (paced.running >= most) {
        paced.leftOut += 1;
        continue;
      }
      paced.running += 1;
      void act(row).finally(() => {
        paced.running -= 1;
        paced.done += 1;
      });
    }
  }, 10);
  const end = (): void => clearInterval(timer);
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  return paced;
}

export interface Paced {
  readonly done: number;
  /** Not begun, because too many were under way. */
  readonly leftOut: number;
  readonly running: number;
}
