import type { Taint } from "./node.ts";

/** core/v1 Toleration. */
export interface Toleration {
  readonly key?: string;
  /** `Equal` when absent. `Lt` and `Gt` compare integers (KEP-5471). */
  readonly operator?: string;
  readonly value?: string;
  /** Absent or empty: every effect. */
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

/**
 * The rule of core/v1 Toleration.ToleratesTaint: an empty effect fits every effect, an empty key (with `Exists`) every
 * key; `Equal` compares the value.
 */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  const effect = toleration.effect ?? "";
  const key = toleration.key ?? "";
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  const value = toleration.value ?? "";
  const tainted = taint.value ?? "";
  switch (toleration.operator ?? "") {
    case "":
    case "Equal":
      return value === tainted;
    case "Exists":
      return true;
    case "Lt":
    case "Gt":
      return comparesTaint(toleration.operator === "Lt", tainted, value);
    default:
      return false;
  }
}

/**
 * Does the taint keep a Pod with these tolerations off the node at scheduling? PreferNoSchedule never does.
 */
export function repels(taint: Taint, tolerations: readonly Toleration[]): boolean {
  if (taint.effect !== "NoSchedule" && taint.effect !== "NoExecute") return false;
  return !tolerations.some((toleration) => toleratesTaint(toleration, taint));
}

/** `Lt`: the taint's number is below the toleration's. Both must be decimal 64-bit integers (KEP-5471). */
function comparesTaint(below: boolean, tainted: string, tolerated: string): boolean {
  const left = parseInt64(tainted);
  const right = parseInt64(tolerated);
  if (left === undefined || right === undefined) return false;
  return below ? left < right : left > right;
}

function parseInt64(text: string): bigint | undefined {
  if (text.length > 20 || !/^(0|-?[1-9][0-9]*)$/.test(text)) return undefined;
  const value = BigInt(text);
  return value === BigInt.asIntN(64, value) ? value : undefined;
}
