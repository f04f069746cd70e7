/**
 * Headers of every answer: pages, files, data, problems and redirects alike, so that none is forgotten. Pages load
 * nothing from elsewhere and hold no script or style of their own text; nobody frames them.
 */
export function securityHeaders(externalUrl: URL): Readonly<Record<string, string>> {
  return {
    "content-security-policy":
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "origin-agent-cluster": "?1",
    "permissions-policy":
      "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    // For browsers that do not know frame-ancestors.
    "x-frame-options": "DENY",
    // Half a year. Not for the hosts below it, which are not ours.
    ...(externalUrl.protocol === "https:" ? { "strict-transport-security": "max-age=15768000" } : {}),
  };
}
