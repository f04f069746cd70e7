export type LifecycleErrorCode =
  | "ENDED_EARLY" // work that should go on until the end has returned by itself
  | "END_FAILED"; // parts failed to end, or took too long: `errors` says each

export class LifecycleError extends AggregateError {
  override readonly name = "LifecycleError";
  readonly code: LifecycleErrorCode;

  constructor(code: LifecycleErrorCode, message: string, errors: readonly unknown[] = []) {
    super(errors, message);
    this.code = code;
  }
}
