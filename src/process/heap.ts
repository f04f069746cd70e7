import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Keeps a server's heap as small as its content: for a process that lives for months beside others, not for one that
 * ends in a second. V8 otherwise lets the space for young objects grow to 48 MiB and more while thousands of nodes are
 * listed, and never gives it back. Must be called before anything large is read.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--optimize-for-size");
}

/** Collects garbage of one kind: https://nodejs.org/api/cli.html#--expose-gc */
type Collect = (options: { readonly type: "minor" }) => void;

/**
 * For who passes bytes on: tells of each piece, and all `mostBytes` the young objects are collected. V8 counts the objects
 * and not the buffers behind them, so that tens of megabytes of buffers wait otherwise until it looks: that memory is
 * resident, and none of what is allocated next is still in the processor's caches. A collection costs well below a
 * millisecond, as next to nothing of what is young is alive.
 */
export function collectEach(mostBytes: number): (bytes: number) => void {
  setFlagsFromString("--expose-gc");
  const collect: Collect = runInNewContext("gc");
  let passed = 0;
  return (bytes) => {
    passed += bytes;
    if (passed < mostBytes) return;
    passed = 0;
    collect({ type: "minor" });
  };
}
