import type { Platform } from "../../hardware/platform.ts";
import type { WrittenEntry } from "../../oci/written.ts";
import { firstOf, type Rank, type Taken } from "./taken.ts";
import { from32Bit } from "./wanted.ts";

/**
 * CRI-O (go.podman.io/image, OCI1Index.ChooseInstance; v5.42). It compares texts, prefers zstd, and takes no nested index.
 * The first entry without a platform is good for any host. There is none for Windows.
 */
export function takenByCriO(entries: readonly WrittenEntry[], host: Platform): Taken {
  if (host.os === "windows") return "nothing";
  const wanted = wantedAsText(host);
  const rank: Rank = ({ platform, raw = platform, blank }) => {
    if (raw === undefined) return blank === true ? undefined : wanted.length;
    const index = wanted.findIndex((one) => isWritten(raw, one));
    return index === -1 ? undefined : index;
  };
  const first = firstOf(entries, rank, (entry, than) => entry.zstd === true && than.zstd !== true);
  return first === undefined || typeof first.leads === "object" ? "nothing" : first.leads;
}

function wantedAsText({ os, architecture, variant }: Platform): readonly Platform[] {
  const plain = { os, architecture };
  if (architecture === "arm64") return [{ ...plain, variant: "v8" }, plain];
  if (architecture !== "arm") return [plain];
  return [...from32Bit(variant ?? "v7").map((one) => ({ ...plain, variant: one })), plain];
}

function isWritten(raw: Platform, wanted: Platform): boolean {
  return raw.os === wanted.os && raw.architecture === wanted.architecture && raw.variant === wanted.variant;
}
