import type { ListedCredential } from "../../identity/listing.ts";
import { type Cell, renderTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Credentials for people. */
export function credentialTable(credentials: readonly ListedCredential[], { width, color }: Terminal): string {
  return renderTable({
    columns: [
      { header: "NAME", minWidth: 16 },
      { header: "USER", minWidth: 8 },
      { header: "TYPE", minWidth: 8 },
      { header: "EXPIRES", minWidth: 20 },
      { header: "STATE", minWidth: 7 },
    ],
    rows: credentials.map(({ id, username, spec, state }): Cell[] => [
      id,
      username,
      spec.machineType ?? "(unfiltered)",
      spec.expires ?? "never",
      { text: state, style: state === "active" ? "green" : "dim" },
    ]),
    ...(width === undefined ? {} : { width }),
    color,
  });
}

/** The same for programs. Stable; no hash is in it. */
export function credentialJson(credentials: readonly ListedCredential[]): object {
  return credentials.map(({ id, username, spec, state, file }) => {
    const { secretHash: _, ...rest } = spec;
    return { name: id, ...rest, username, state, file };
  });
}
