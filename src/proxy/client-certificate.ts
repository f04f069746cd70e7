import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** A client's certificate: the URIs that it names, as far as one of the operator's authorities vouches for it. */
export interface ClientCertificate {
  readonly verified: boolean;
  readonly uris: readonly string[];
}

/** Undefined where the client shows none, or the server asks for none. */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subjectaltname, raw } = socket.getPeerCertificate();
  if (raw === undefined) return undefined;
  return { verified: socket.authorized, uris: socket.authorized ? urisOf(subjectaltname ?? "") : [] };
}

/**
 * The URIs of a list as Node writes it: `URI:a, DNS:b`. An entry that could be mistaken for several stands there in quotes,
 * and is no name of ours.
 */
export function urisOf(list: string): readonly string[] {
  const entries = list.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return entries
    .map((entry) => entry.trim())
    .filter((entry) => entry.startsWith("URI:") && !entry.includes('"'))
    .map((entry) => entry.slice("URI:".length));
}
