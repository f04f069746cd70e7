import { useEffect, useState } from "preact/hooks";

interface FilterProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  /** Called when nothing was typed for a while. */
  readonly onChange: (value: string) => void;
}

const pauseMs = 250;

interface TextFilterProps extends FilterProps {
  /** To be typed: a whole name, or a part of one. */
  readonly hint?: string;
}

export function TextFilter({ id, label, value, onChange, hint }: TextFilterProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = window.setTimeout(() => onChange(text), pauseMs);
    return () => window.clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <div class="filter">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        value={text}
        placeholder={hint}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        maxLength={512}
      />
    </div>
  );
}

interface ChoiceProps extends FilterProps {
  readonly choices: readonly (readonly [value: string, text: string])[];
}

export function ChoiceFilter({ id, label, value, onChange, choices }: ChoiceProps) {
  return (
    <div class="filter">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        <option value="">all</option>
        {choices.map(([each, text]) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
