/**
 * Whether a client has this version already, by `If-None-Match` (RFC 9110, 13.1.2): a list of tags, or `*`. Tags are
 * compared weakly there, as caches send them.
 */
export function hasAlready(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
