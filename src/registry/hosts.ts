/**
 * Whether a registry's host is in a list of patterns: a host with its port as references have it
 * (`registry.example.com:5000`), `*.example.com` for every host below a domain, `*` for any.
 */
export function hostMatcher(patterns: readonly string[]): (host: string) => boolean {
  const exact = new Set<string>();
  const suffixes: string[] = [];
  for (const pattern of patterns.map((text) => text.toLowerCase())) {
    if (pattern === "*") return () => true;
    if (pattern.startsWith("*.")) suffixes.push(pattern.slice(1));
    else exact.add(pattern);
  }
  return (host) => {
    const name = host.toLowerCase();
    return exact.has(name) || suffixes.some((suffix) => name.endsWith(suffix));
  };
}
