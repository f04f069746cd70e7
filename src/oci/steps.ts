/** Work in steps of a millisecond or so: between them whoever drives it may do something else, or give it up. */
export type Steps<T> = Generator<void, T, void>;

/** Does all of it at once. */
export function drain<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
