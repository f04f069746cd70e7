import { useId, useState } from "preact/hooks";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Badge } from "../../parts/notice.tsx";
import type { Spec } from "../../text/draft.ts";
import { changesOf, firstChoice, merge, type Side, sidesOf } from "../../text/merge.ts";
import { shown, shownLines } from "../../text/shown.ts";

interface ConflictProps {
  readonly name: string;
  readonly before: Spec;
  readonly mine: Spec;
  readonly theirs: Spec;
  readonly onClose: () => void;
  readonly onMerged: (spec: Spec) => void;
}

/** Somebody else saved meanwhile: shows both, field by field, and lets one choose. Nothing of either is lost before. */
export function ConflictDialog({ name, before, mine, theirs, onClose, onMerged }: ConflictProps) {
  const changes = changesOf(before, mine, theirs);
  const [sides, setSides] = useState<ReadonlyMap<string, Side>>(new Map());
  const merged = merge(mine, changes, sides);
  const waits = useId();
  return (
    <Dialog wide title={`Somebody else has changed ${name}`} onClose={onClose}>
      <p>
        It was saved while you were editing. Choose what is to stand in each field, look at it in the form, and save
        again.
      </p>
      {changes.map((change) => (
        <fieldset class="change" key={change.field}>
          <legend>
            <code>{shown(change.field)}</code> {change.clash ? <Badge tone="warn">both changed it</Badge> : null}
          </legend>
          {sidesOf(change).map((side) => (
            <label key={side}>
              <input
                type="radio"
                name={`side-${change.field}`}
                checked={(sides.get(change.field) ?? firstChoice(change)) === side}
                onChange={() => setSides(new Map(sides).set(change.field, side))}
              />
              <span>{names[side]}</span>
              <pre>{valueText(change[side])}</pre>
            </label>
          ))}
        </fieldset>
      ))}
      {changes.length === 0 ? <p>The two are the same: saving again changes nothing.</p> : null}
      {merged === undefined ? <p id={waits}>Choose in each field that both changed.</p> : null}
      <div class="actions end">
        <Button onClick={onClose}>Back to my form</Button>
        <Button
          look="main"
          barredBy={merged === undefined ? waits : undefined}
          onClick={() => (merged === undefined ? undefined : onMerged(merged))}
        >
          Take these
        </Button>
      </div>
    </Dialog>
  );
}

const names = { both: "Both", mine: "Yours", theirs: "Theirs" } as const;

function valueText(value: unknown): string {
  return value === undefined ? "not set" : shownLines(JSON.stringify(value, null, 2));
}
