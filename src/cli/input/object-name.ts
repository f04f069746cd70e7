import { UsageError } from "../../process/failure.ts";

/** Reads `namespace/name`. @throws UsageError that names the flag */
export function objectName(text: string, flag: string): { readonly namespace: string; readonly name: string } {
  const [namespace = "", name = "", ...rest] = text.split("/");
  if (namespace === "" || name === "" || rest.length > 0) {
    throw new UsageError(`${flag} ${text}: expected NAMESPACE/NAME, e.g. metahub-system/metahub-webhook`);
  }
  return { namespace, name };
}
