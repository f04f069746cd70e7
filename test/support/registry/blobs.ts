import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { computeDigest } from "../../../src/oci/digest.ts";
import { parseReference, type Reference } from "../../../src/oci/reference.ts";
import type { OpenBlobOptions } from "../../../src/registry/blobs.ts";
import type { RegistryClient } from "../../../src/registry/client.ts";
import type { Fault, FaultRule } from "./faults.ts";
import type { RegistryFixture } from "./fixture.ts";
import type { RunningRegistry } from "./start.ts";

/** Bytes. */
export const MiB = 1024 * 1024;
/** A blob that takes several pieces to read. */
export const content = Buffer.alloc(300_000, "0123456789");
export const digest = computeDigest(content);
export const size = content.length;
/** For the tests in which nothing may time out, on a machine that has much else to do. */
export const patient = { connectMs: 10_000, headersMs: 10_000, bodyMs: 30_000, idleMs: 30_000 };

export const blobOptions = (more: Partial<OpenBlobOptions> = {}): OpenBlobOptions => ({
  credentials: undefined,
  signal: AbortSignal.timeout(30_000),
  maxBytes: 64 * MiB,
  ...more,
});

/** With room for blobs that no test may have in memory. */
export const largeOptions = (more: Partial<OpenBlobOptions> = {}): OpenBlobOptions =>
  blobOptions({ maxBytes: 1024 * MiB, ...more });

/** A registry that holds `content`, and does to requests for blobs what the rule says. */
export async function registryWithBlob(
  fixture: RegistryFixture,
  rule?: Omit<FaultRule, "path">,
): Promise<{ readonly running: RunningRegistry; readonly reference: Reference }> {
  const running = await fixture.registry();
  await running.store.putBlob("team/app", content);
  if (rule !== undefined) running.faults.add({ path: /blobs/, ...rule });
  return { running, reference: parseReference(`${running.host}/team/app`) };
}

export interface LargeBlob {
  readonly digest: string;
  readonly size: number;
  readonly fault: Fault;
  /** Bytes that the connection has taken from the server. */
  taken(): number;
  /** Resolves when the server's answer is over, whole or not. */
  readonly closed: Promise<void>;
}

/** A blob that is never whole in memory. */
export function largeBlob(mebibytes: number): LargeBlob {
  const piece = Buffer.alloc(MiB, "0123456789abcdef");
  let taken = 0;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const hash = createHash("sha256");
  for (let times = 0; times < mebibytes; times += 1) hash.update(piece);
  return {
    digest: `sha256:${hash.digest("hex")}`,
    size: mebibytes * MiB,
    fault: {
      kind: "repeat",
      piece,
      times: mebibytes,
      taken: (bytes) => {
        taken = bytes;
      },
      closed: resolve,
    },
    taken: () => taken,
    closed,
  };
}

/** Opens a blob and reads its first piece. */
export async function begin(
  client: RegistryClient,
  reference: Reference,
  large: LargeBlob,
  more: Partial<OpenBlobOptions> = {},
): Promise<{ readonly body: Readable; readonly reader: AsyncIterator<unknown> }> {
  const { body } = await client.openBlob(reference, large.digest, largeOptions(more));
  const reader = body[Symbol.asyncIterator]();
  await reader.next();
  return { body, reader };
}
