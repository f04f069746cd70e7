import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { shown } from "../text/shown.ts";

interface PageProps {
  readonly title: string;
  /** One sentence below the title. */
  readonly says?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** False until the first page has been drawn: that one leaves the focus where the browser has it. */
let drawn = false;

/** Tells that something else was drawn, such as the sign-in: the page that comes next takes the focus. */
export function tellDrawn(): void {
  drawn = true;
}

/** A page with its heading, which takes the focus when one comes from another: a screen reader says where one is now. */
export function Page({ title, says, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${shown(title)} · MetaHub`;
    if (drawn) heading.current?.focus({ preventScroll: true });
    if (drawn) window.scrollTo(0, 0);
    drawn = true;
  }, [title]);
  return (
    <>
      <div class="head">
        <div class="headtext">
          <h1 ref={heading} tabIndex={-1} class="clamped" title={shown(title)}>
            <bdi>{shown(title)}</bdi>
          </h1>
          {says === undefined ? null : <p class="says">{says}</p>}
        </div>
        {actions === undefined ? null : <div class="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}
