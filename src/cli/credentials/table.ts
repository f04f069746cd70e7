import type { ListedCredential } from "../../identity/listing.ts";
import { type Cell, renderTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Credentials for people. */
export function credentialTable(credentials: readonly ListedCredential[], { width, color }: Terminal): string {
  // Only a cluster's registry has somewhere to write it.
  const used = credentials.some(({ lastUsed }) => lastUsed !== undefined);
  return renderTable({
    columns: [
      { header: "NAME", minWidth: used ? 12 : 16 },
      { header: "USER", minWidth: 8 },
      { header: "TYPE", minWidth: 8 },
      { header: "EXPIRES", minWidth: 20 },
      ...(used ? [{ header: "LAST USED", minWidth: 14 }] : []),
      { header: "STATE", minWidth: 7 },
    ],
    rows: credentials.map(({ id, username, spec, state, lastUsed }): Cell[] => [
      id,
      username,
      spec.machineType ?? "(unfiltered)",
      spec.expires ?? "never",
      ...(used ? [hourOf(lastUsed)] : []),
      { text: state, style: state === "active" ? "green" : "dim" },
    ]),
    ...(width === undefined ? {} : { width }),
    color,
  });
}

/** As exactly as it is known: `2026-11-29T18Z`. */
function hourOf(lastUsed: string | undefined): string {
  return lastUsed === undefined ? "unknown" : `${lastUsed.slice(0, 13)}Z`;
}

/** The same for programs. Stable; no hash is in it. */
export function credentialJson(credentials: readonly ListedCredential[], filed: boolean): object {
  return credentials.map(({ id, username, spec, state, lastUsed, place }) => {
    const { secretHash: _, ...rest } = spec;
    const used = lastUsed === undefined ? {} : { lastUsed };
    return { name: id, ...rest, username, state, ...used, ...(filed ? { file: place } : {}) };
  });
}
