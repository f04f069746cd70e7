import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { shown } from "../text/shown.ts";

export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Attributes of an input: its label, its hint and its errors belong to it by them. */
export interface Wiring {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": "true" | undefined;
}

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly errors?: readonly FieldError[];
  readonly children: (wiring: Wiring) => ComponentChildren;
}

export function Field({ label, hint, errors = [], children }: FieldProps) {
  const id = useId();
  const describedBy = [...(hint === undefined ? [] : [`${id}-hint`]), ...(errors.length === 0 ? [] : [`${id}-wrong`])];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children({
        id,
        "aria-describedby": describedBy.join(" ") || undefined,
        "aria-invalid": errors.length === 0 ? undefined : "true",
      })}
      <Errors id={`${id}-wrong`} errors={errors} />
    </div>
  );
}

export function Errors({ id, errors }: { readonly id?: string; readonly errors: readonly FieldError[] }) {
  if (errors.length === 0) return null;
  return (
    <ul class="errors" id={id}>
      {errors.map(({ path, message }) => (
        <li key={path + message}>{shown(message)}</li>
      ))}
    </ul>
  );
}

/** Errors of a field and of what is in it: `spec.features` has those of `spec.features[2]`. */
export function errorsAt(errors: readonly FieldError[], ...paths: readonly string[]): readonly FieldError[] {
  return errors.filter(({ path }) =>
    paths.some((at) => path === at || (path.startsWith(at) && /^[.[]/.test(path.slice(at.length)))),
  );
}
