import { shownLines } from "../text/shown.ts";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy.tsx";
import { Dialog } from "./dialog.tsx";

/** An object as YAML, to be copied into a repository. */
export function YamlDialog({
  name,
  yaml,
  onClose,
}: {
  readonly name: string;
  readonly yaml: string;
  readonly onClose: () => void;
}) {
  return (
    <Dialog wide title={`${name} as YAML`} onClose={onClose}>
      <p class="muted">Without what the API server adds: as it would stand in a repository.</p>
      <pre tabIndex={0} role="region" aria-label="YAML">
        {shownLines(yaml)}
      </pre>
      <div class="actions end">
        <CopyButton text={yaml} label="Copy the YAML" />
        <Button look="main" onClick={onClose}>
          Close
        </Button>
      </div>
    </Dialog>
  );
}
