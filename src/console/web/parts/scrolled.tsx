import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface ScrolledProps {
  /** For screen readers. */
  readonly label: string;
  readonly class: string;
  /** A word on how much there is: `9 rows`. */
  readonly holds: string;
  readonly children: ComponentChildren;
}

/** A box with a scroll of its own, which says how much it holds, and whether all of it is seen. */
export function Scrolled({ label, class: look, holds, children }: ScrolledProps) {
  const box = useRef<HTMLDivElement>(null);
  const [isCut, setCut] = useState(false);
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const observer = new ResizeObserver(() => setCut(current.scrollHeight > current.clientHeight));
    observer.observe(current);
    // The box stays as high as it is where what it holds grows.
    for (const child of current.children) observer.observe(child);
    return () => observer.disconnect();
  }, []);
  return (
    <>
      <p class="muted holds">
        {holds}
        {isCut ? ": scroll within the table for the rest" : ""}
      </p>
      <div ref={box} class={look} role="region" aria-label={label} tabIndex={0}>
        {children}
      </div>
    </>
  );
}
