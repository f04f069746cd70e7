import { Button } from "../../parts/button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { type Expression, operators, type Pair } from "../../text/draft.ts";

interface PairsProps {
  /** `label`: for the names of buttons. */
  readonly what: string;
  readonly left: string;
  readonly right: string;
  readonly sign: string;
  readonly rows: readonly Pair[];
  readonly onChange: (rows: readonly Pair[]) => void;
}

/** Rows of two texts each. */
export function Pairs({ what, left, right, sign, rows, onChange }: PairsProps) {
  const set = (place: number, part: Partial<Pair>): void =>
    onChange(rows.map((row, index) => (index === place ? { ...row, ...part } : row)));
  return (
    <div class="rows">
      {rows.map((row, place) => (
        <div class="pair" key={place}>
          <Text
            label={`${left} ${place + 1}`}
            shownAs={left}
            value={row.left}
            onInput={(text) => set(place, { left: text })}
          />
          <span class="sign" aria-hidden="true">
            {sign}
          </span>
          <Text
            label={`${right} ${place + 1}`}
            shownAs={right}
            value={row.right}
            onInput={(text) => set(place, { right: text })}
          />
          <RemoveButton
            label={`Remove ${what} ${place + 1}`}
            onClick={() => onChange(rows.filter((_, index) => index !== place))}
          />
        </div>
      ))}
      <Button icon="add" look="quiet" onClick={() => onChange([...rows, { left: "", right: "" }])}>
        {`Another ${what}`}
      </Button>
    </div>
  );
}

interface ExpressionsProps {
  readonly rows: readonly Expression[];
  readonly onChange: (rows: readonly Expression[]) => void;
}

export function Expressions({ rows, onChange }: ExpressionsProps) {
  const set = (place: number, part: Partial<Expression>): void =>
    onChange(rows.map((row, index) => (index === place ? { ...row, ...part } : row)));
  return (
    <div class="rows">
      {rows.map((row, place) => (
        <div class="pair three" key={place}>
          <Text label={`Key ${place + 1}`} shownAs="Key" value={row.key} onInput={(key) => set(place, { key })} />
          <select
            aria-label={`Operator ${place + 1}`}
            value={row.operator}
            onChange={({ currentTarget }) => set(place, { operator: currentTarget.value })}
          >
            {operators.map((operator) => (
              <option key={operator}>{operator}</option>
            ))}
          </select>
          {row.operator.endsWith("In") ? (
            <Text
              label={`Values ${place + 1}`}
              shownAs="a, b"
              value={row.values}
              onInput={(values) => set(place, { values })}
            />
          ) : (
            <span />
          )}
          <RemoveButton
            label={`Remove condition ${place + 1}`}
            onClick={() => onChange(rows.filter((_, index) => index !== place))}
          />
        </div>
      ))}
      <Button icon="add" look="quiet" onClick={() => onChange([...rows, { key: "", operator: "In", values: "" }])}>
        Another condition
      </Button>
    </div>
  );
}

interface TextProps {
  readonly label: string;
  readonly shownAs: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

function Text({ label, shownAs, value, onInput }: TextProps) {
  return (
    <input
      aria-label={label}
      placeholder={shownAs}
      value={value}
      onInput={({ currentTarget }) => onInput(currentTarget.value)}
      autocapitalize="none"
      autocomplete="off"
      spellcheck={false}
    />
  );
}

function RemoveButton({ label, onClick }: { readonly label: string; readonly onClick: () => void }) {
  return (
    <button type="button" class="iconbutton" aria-label={label} title={label} onClick={onClick}>
      <Icon name="close" />
    </button>
  );
}
