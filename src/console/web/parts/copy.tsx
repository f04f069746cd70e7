import { useEffect, useState } from "preact/hooks";
import { shortDigest } from "../text/shown.ts";
import { Icon } from "./icon.tsx";

const saidMs = 2000;

interface CopyProps {
  readonly text: string;
  readonly label: string;
  readonly says?: string;
  /** An icon alone. */
  readonly bare?: true;
}

/** Copies a text, and says so. `label` begins with what the button shows. */
export function CopyButton({ text, label, says = "Copy", bare }: CopyProps) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = window.setTimeout(() => setSaid(""), saidMs);
    return () => window.clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied"),
      () => setSaid("Your browser does not let this page copy"),
    );
  };
  return (
    <span class="copy">
      <button
        type="button"
        class={bare ? "iconbutton" : "button quiet"}
        aria-label={label}
        title={label}
        onClick={copy}
      >
        <Icon name={said === "Copied" ? "check" : "copy"} />
        {bare ? null : <span>{said === "Copied" ? "Copied" : says}</span>}
      </button>
      <span role="status" class="unseen">
        {said}
      </span>
    </span>
  );
}

/** A digest, cut for the eye, whole in its title and in what is copied. */
export function Digest({ digest }: { readonly digest: string }) {
  return (
    <span class="digest">
      <code title={digest}>{shortDigest(digest)}</code>
      <CopyButton bare text={digest} label={`Copy ${shortDigest(digest)}`} />
    </span>
  );
}
