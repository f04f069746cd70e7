/** Why a file or folder cannot be read, in words; what the system says where there are none. */
export function fileReason(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "no such file or folder";
  if (code === "EACCES") return "permission denied";
  if (code === "EISDIR") return "a folder, where a file was expected";
  if (code === "ENOTDIR") return "not a folder";
  return cause instanceof Error ? cause.message : String(cause);
}
