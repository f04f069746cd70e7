/** Signs of a person's hand alone: a page scrolls by itself, too. */
const signs = ["pointerdown", "pointermove", "keydown", "wheel"] as const;

/** By wall time: a machine that slept was not touched. */
let touchedAt = Date.now();
/** When the console was last told, or could tell by a request. */
let toldAt = touchedAt;

/** Hears of every touch from now on, as long as the page is there. */
export function hearTouches(): void {
  for (const sign of signs) {
    window.addEventListener(
      sign,
      (event) => {
        // A browser may tell of the pointer where only what lies below it has moved.
        if (event.type === "pointermove" && isStill(event as PointerEvent)) return;
        touchedAt = Date.now();
      },
      { capture: true, passive: true },
    );
  }
}

/** Whole seconds since somebody touched the page. To be sent with a request, which tells the console. */
export function untouchedSeconds(): number {
  toldAt = Date.now();
  return Math.max(0, Math.floor((toldAt - touchedAt) / 1_000));
}

/**
 * Calls `tell` where the page was touched since the console last heard of it: who reads and scrolls asks for nothing.
 * Gives what ends it.
 */
export function tellTouches(everyMs: number, tell: () => void): () => void {
  const timer = window.setInterval(() => {
    if (touchedAt > toldAt) tell();
  }, everyMs);
  return () => window.clearInterval(timer);
}

function isStill({ movementX, movementY }: PointerEvent): boolean {
  return movementX === 0 && movementY === 0;
}
