import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly icon?: IconName;
  readonly look?: "main" | "danger" | "quiet";
  readonly type?: "button" | "submit";
  /** For screen readers, where the text alone does not say whose it is: it must begin with the text. */
  readonly label?: string;
  /** Id of the sentence that says why the person may not. The button is there all the same, and does nothing. */
  readonly barredBy?: string | undefined;
  readonly busy?: boolean;
  readonly onClick?: () => void;
}

export function Button({ children, icon, look, type = "button", label, barredBy, busy = false, onClick }: ButtonProps) {
  const barred = barredBy !== undefined;
  return (
    <button
      type={type}
      class={`button ${look ?? ""}`}
      aria-label={label}
      aria-disabled={barred || busy ? "true" : undefined}
      aria-describedby={barredBy}
      onClick={(event) => {
        if (barred || busy) event.preventDefault();
        else onClick?.();
      }}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({
  href,
  barredBy,
  children,
  ...rest
}: Omit<ButtonProps, "onClick" | "type" | "busy"> & { readonly href: string }) {
  // One cannot go where one may not do anything: it is a button, then, that says so.
  if (barredBy !== undefined)
    return (
      <Button {...rest} barredBy={barredBy}>
        {children}
      </Button>
    );
  const { icon, look, label } = rest;
  return (
    <a class={`button ${look ?? ""}`} href={href} aria-label={label}>
      {icon === undefined ? null : <Icon name={icon} />}
      <span>{children}</span>
    </a>
  );
}
