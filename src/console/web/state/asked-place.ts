import { linkTo } from "./route.ts";

const key = "metahub-asked-place";
const first = linkTo(["machine-types"]);

/**
 * Remembers the place that was asked for, while the browser is at the OpenID provider: it comes back without a fragment.
 * Kept in this tab alone, and told to nobody.
 */
export function keepAskedPlace(): void {
  const { hash } = window.location;
  if (!hash.startsWith("#/") || hash.startsWith("#/sign-in")) return;
  try {
    window.sessionStorage.setItem(key, hash);
  } catch {
    // A browser that keeps nothing: one begins at the first page.
  }
}

/** The place to go to after a sign-in; asked once. */
export function takeAskedPlace(): string {
  try {
    const kept = window.sessionStorage.getItem(key);
    window.sessionStorage.removeItem(key);
    return kept?.startsWith("#/") === true ? kept : first;
  } catch {
    return first;
  }
}
