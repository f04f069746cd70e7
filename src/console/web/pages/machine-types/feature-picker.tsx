import { useEffect, useId, useState } from "preact/hooks";
import type { KnownFeature } from "../../../contract/machine-types.ts";
import { pathWith } from "../../api/client.ts";
import { Errors, type FieldError } from "../../parts/field.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useConsole } from "../../state/console.ts";
import { shown } from "../../text/shown.ts";

interface PickerProps {
  readonly features: readonly string[];
  /** With paths such as `spec.features[2]`. */
  readonly errors: readonly FieldError[];
  readonly onChange: (features: readonly string[]) => void;
}

/** Features as chips, and an input that completes names which the program knows (ARIA's pattern of a combobox). */
export function FeaturePicker({ features, errors, onChange }: PickerProps) {
  const id = useId();
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const known = useKnown(open ? text : undefined).filter(({ feature }) => !features.includes(feature));
  const option = known[at];
  const add = (feature: string): void => {
    const trimmed = feature.trim().replace(/,$/, "");
    if (trimmed !== "" && !features.includes(trimmed)) onChange([...features, trimmed]);
    setText("");
    setAt(-1);
    setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setOpen(true);
      setAt(known.length === 0 ? -1 : (at + step + known.length) % known.length);
    } else if (event.key === "Enter") {
      // Never the form: a half-typed name is no reason to save.
      event.preventDefault();
      add(option?.feature ?? text);
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      setOpen(false);
      setAt(-1);
    } else if (event.key === "Backspace" && text === "") onChange(features.slice(0, -1));
  };
  return (
    <div class="field picker">
      <label for={id}>Features</label>
      <p class="hint" id={`${id}-hint`}>
        Type a part of a name, such as zen or nvcap; Enter adds it. Each namespace that is declared here replaces what
        labels say.
      </p>
      <Chosen features={features} errors={errors} onChange={onChange} />
      <div class="combo">
        <input
          id={id}
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={open && known.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={option === undefined ? undefined : `${id}-${at}`}
          aria-describedby={`${id}-hint${errors.length === 0 ? "" : ` ${id}-wrong`}`}
          aria-invalid={errors.length === 0 ? undefined : "true"}
          value={text}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            setOpen(true);
            setAt(-1);
          }}
          onKeyDown={onKeyDown}
          onFocus={() => setOpen(true)}
          onBlur={() => {
            add(text);
          }}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
        />
        <div
          id={`${id}-list`}
          role="listbox"
          aria-label="Known features"
          class={open && known.length > 0 ? "" : "closed"}
        >
          {known.map((each, place) => (
            <Option
              key={each.feature}
              id={`${id}-${place}`}
              known={each}
              active={place === at}
              onPick={() => add(each.feature)}
            />
          ))}
        </div>
      </div>
      <Errors id={`${id}-wrong`} errors={errors} />
    </div>
  );
}

function Chosen({ features, errors, onChange }: PickerProps) {
  if (features.length === 0) return null;
  const wrong = (place: number): boolean => errors.some(({ path }) => path.endsWith(`[${place}]`));
  return (
    <ul class="chips" aria-label="Chosen features">
      {features.map((feature, place) => (
        <li key={feature} class={`chip ${wrong(place) ? "bad" : ""}`}>
          {wrong(place) ? <Icon name="alert" /> : null}
          <bdi>{shown(feature)}</bdi>
          <button
            type="button"
            class="chipbutton"
            aria-label={`Remove ${shown(feature)}`}
            onClick={() => onChange(features.filter((each) => each !== feature))}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}

interface OptionProps {
  readonly id: string;
  readonly known: KnownFeature;
  readonly active: boolean;
  readonly onPick: () => void;
}

/** Names of relatives that are shown. */
const few = 6;

function Option({ id, known: { feature, says, above, below }, active, onPick }: OptionProps) {
  useEffect(() => {
    if (active) document.getElementById(id)?.scrollIntoView({ block: "nearest" });
  }, [active, id]);
  return (
    <div
      id={id}
      role="option"
      aria-selected={active}
      // Before the input loses the focus.
      onMouseDown={(event) => {
        event.preventDefault();
        onPick();
      }}
    >
      <span class="name">{shown(feature)}</span> <span class="muted">{shown(says)}</span>
      {above.length === 0 ? null : <Relatives what="Also runs" names={above} />}
      {below.length === 0 ? null : <Relatives what="Also on" names={below} />}
    </div>
  );
}

function Relatives({ what, names }: { readonly what: string; readonly names: readonly string[] }) {
  const more = names.length - few;
  return (
    <span class="relatives">
      {what} {shown(names.slice(0, few).join(", "))}
      {more > 0 ? ` and ${more} more` : ""}
    </span>
  );
}

const pauseMs = 120;

/** Names that begin with, or hold, a text; those of before stay until new ones are there. */
function useKnown(text: string | undefined): readonly KnownFeature[] {
  const { api } = useConsole();
  const [known, setKnown] = useState<readonly KnownFeature[]>([]);
  useEffect(() => {
    if (text === undefined) return;
    const control = new AbortController();
    const timer = window.setTimeout(() => {
      api
        .get<{ readonly items: readonly KnownFeature[] }>(
          pathWith("/features", { prefix: text.trim() }),
          control.signal,
        )
        .then(
          ({ items }) => setKnown(items),
          // Without completion names can still be typed, and the preview says which are wrong.
          () => setKnown([]),
        );
    }, pauseMs);
    return () => {
      window.clearTimeout(timer);
      control.abort();
    };
  }, [api, text]);
  return text === undefined ? [] : known;
}
