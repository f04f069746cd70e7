// A registry of an attacker, as a process of its own: each name `KIND/SALT` is an index of that kind, with a digest of
// its own (hostile-indexes.ts). `fine/…` is an ordinary one of 64 builds. It prints its port, and ends with its parent.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { computeDigest } from "../../src/oci/digest.ts";
import { ociIndex } from "../../src/oci/media-types.ts";
import { hostileIndexes, ordinaryIndex, salted } from "./hostile-indexes.ts";

const templates = [...Object.values(hostileIndexes), ordinaryIndex].map((make) => make());
/** Indexes whose digests are known, the latest; each costs some milliseconds to hash. */
const kept = new Map<string, { readonly bytes: Buffer; readonly digest: string }>();
const mostKept = 16;

function indexOf(kind: number, salt: number): { readonly bytes: Buffer; readonly digest: string } | undefined {
  const key = `${kind} ${salt}`;
  const known = kept.get(key);
  const template = templates[kind];
  if (known !== undefined || template === undefined) return known;
  const bytes = salted(template, salt);
  const made = { bytes, digest: computeDigest(bytes) };
  kept.set(key, made);
  for (const oldest of kept.keys()) if (kept.size > mostKept) kept.delete(oldest);
  return made;
}

function answer(method: string, path: string, response: ServerResponse): void {
  const [, kind, salt] = /^\/v2\/k(\d+)\/s(\d+)\/manifests\//.exec(path) ?? [];
  const found = kind === undefined || salt === undefined ? undefined : indexOf(Number(kind), Number(salt));
  if (found === undefined) {
    response.writeHead(path === "/v2/" ? 200 : 404).end();
    return;
  }
  const { bytes, digest } = found;
  response.writeHead(200, {
    "content-type": ociIndex,
    "content-length": bytes.length,
    "docker-content-digest": digest,
  });
  response.end(method === "HEAD" ? undefined : bytes);
}

const server = createServer((request, response) => answer(request.method ?? "", request.url ?? "", response));
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${port}\n`);
});
process.stdin.resume().once("end", () => process.exit(0));
