import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { shown } from "../text/shown.ts";
import { Icon } from "./icon.tsx";

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
  /** Only its own buttons close it, not Escape: what it shows is shown once. */
  readonly keep?: boolean;
  /** Whether what opened it is gone, or soon will be: the focus goes to the page's heading then. Asked as it closes. */
  readonly isGone?: () => boolean;
  readonly onClose: () => void;
}

/** A modal dialog: the browser keeps the focus in it, and gives it back to where it was. */
export function Dialog({ title, children, wide = false, keep = false, isGone, onClose }: DialogProps) {
  const own = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    own.current?.showModal();
    return () => {
      const stays = before instanceof HTMLElement && before.isConnected && isGone?.() !== true;
      if (stays) before.focus();
      else document.querySelector<HTMLElement>("h1")?.focus();
    };
  }, []);
  return (
    <dialog
      ref={own}
      class={wide ? "wide" : ""}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        if (!keep) onClose();
      }}
    >
      <div class="dialoghead">
        <h2 id={heading}>
          <bdi>{shown(title)}</bdi>
        </h2>
        {keep ? null : (
          <button type="button" class="iconbutton" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </div>
      {children}
    </dialog>
  );
}
