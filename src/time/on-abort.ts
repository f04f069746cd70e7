/** Whom the end of one signal concerns, and the one listener that tells them. */
interface Audience {
  readonly calls: Set<() => void>;
  readonly tell: () => void;
}

const audiences = new WeakMap<AbortSignal, Audience>();

/**
 * Calls once when the signal aborts, in the order of asking; the returned function takes it back. One listener stands
 * on the signal, however many ask, and none once all took it back: Node looks through all listeners of a target for
 * each that comes or goes, so that thousands on one signal would cost their square. A signal that has aborted already
 * calls nobody.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  if (signal.aborted) return () => undefined;
  const audience = audiences.get(signal) ?? gather(signal);
  // Each has an entry of its own, so that the same function may be there twice.
  const entry = (): void => call();
  audience.calls.add(entry);
  return () => {
    audience.calls.delete(entry);
    if (audience.calls.size > 0 || audiences.get(signal) !== audience) return;
    audiences.delete(signal);
    signal.removeEventListener("abort", audience.tell);
  };
}

function gather(signal: AbortSignal): Audience {
  const calls = new Set<() => void>();
  const tell = (): void => {
    audiences.delete(signal);
    for (const call of calls) call();
  };
  const audience = { calls, tell };
  audiences.set(signal, audience);
  signal.addEventListener("abort", tell, { once: true });
  return audience;
}
