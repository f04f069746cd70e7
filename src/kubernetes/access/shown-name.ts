import { oneLine, shorten } from "../../text/shorten.ts";

/** Characters of a name; that of a context on a managed cluster has some eighty. */
const mostOfName = 128;

/** A name from a kubeconfig, fit for one line: a terminal shows it, and somebody else may have written it. */
export function shownName(name: string): string {
  return shorten(oneLine(name).replace(/[\p{Cf}\p{Cs}]/gu, "\uFFFD"), mostOfName);
}
