import { Errors, errorsAt, Field, type FieldError } from "../../parts/field.tsx";
import type { Draft } from "../../text/draft.ts";
import { FeaturePicker } from "./feature-picker.tsx";
import { Expressions, Pairs } from "./rows.tsx";

interface InputsProps {
  readonly draft: Draft;
  readonly isNew: boolean;
  readonly errors: readonly FieldError[];
  readonly onChange: (draft: Draft) => void;
}

export function Inputs({ draft, isNew, errors, onChange }: InputsProps) {
  const set = (part: Partial<Draft>): void => onChange({ ...draft, ...part });
  return (
    <>
      <Field
        label="Name"
        hint={isNew ? "Small letters, digits, hyphens and dots. It cannot be changed later." : "It cannot be changed."}
        errors={errorsAt(errors, "name", "metadata.name")}
      >
        {(wiring) => (
          <input
            {...wiring}
            value={draft.name}
            readOnly={!isNew}
            onInput={({ currentTarget }) => set({ name: currentTarget.value })}
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            maxLength={253}
          />
        )}
      </Field>
      <Machines draft={draft} errors={errors} set={set} />
      <fieldset>
        <legend>What they offer</legend>
        <FeaturePicker
          features={draft.features}
          errors={errorsAt(errors, "spec.features")}
          onChange={(features) => set({ features })}
        />
      </fieldset>
      <details class="advanced" open={hasMore(draft) || errorsAt(errors, ...morePaths).length > 0}>
        <summary>Priority, platform and other fields</summary>
        <More draft={draft} errors={errors} set={set} />
      </details>
    </>
  );
}

interface PartProps {
  readonly draft: Draft;
  readonly errors: readonly FieldError[];
  readonly set: (part: Partial<Draft>) => void;
}

function Machines({ draft, errors, set }: PartProps) {
  return (
    <fieldset>
      <legend>Which machines</legend>
      <div class="choices">
        <label>
          <input type="radio" name="where" checked={!draft.external} onChange={() => set({ external: false })} />
          Nodes with these labels
        </label>
        <label>
          <input type="radio" name="where" checked={draft.external} onChange={() => set({ external: true })} />
          Machines outside the cluster, such as login nodes
        </label>
      </div>
      <Errors errors={errorsAt(errors, "spec.external")} />
      {draft.external ? null : (
        <>
          <Pairs
            {...{ what: "label", left: "Label", right: "Value", sign: "=" }}
            rows={draft.labels}
            onChange={(labels) => set({ labels })}
          />
          <Expressions rows={draft.expressions} onChange={(expressions) => set({ expressions })} />
          <Errors errors={errorsAt(errors, "spec.nodeSelector")} />
        </>
      )}
    </fieldset>
  );
}

/** Fields whose errors stand below "other fields". */
const otherPaths = ["rest", "spec.deviceAttributes", "spec.nodeTemplate"];
const morePaths = ["spec.priority", "spec.platform", "spec.featureLabels", ...otherPaths];

/** A machine outside the cluster must have a platform: no kubelet tells it. */
function hasMore({ external, priority, os, architecture, featureLabels, rest }: Draft): boolean {
  return external || [priority, os, architecture, rest].some((text) => text !== "") || featureLabels.length > 0;
}

function More({ draft, errors, set }: PartProps) {
  return (
    <>
      <Field
        label="Priority"
        hint="Where a node fits several machine types, the higher number wins."
        errors={errorsAt(errors, "spec.priority")}
      >
        {(wiring) => (
          <input
            {...wiring}
            class="short"
            inputMode="numeric"
            value={draft.priority}
            onInput={({ currentTarget }) => set({ priority: currentTarget.value })}
          />
        )}
      </Field>
      <div class="row">
        <PlatformPart label="Operating system" field="os" names={["linux", "windows"]} {...{ draft, set }} />
        <PlatformPart
          label="Architecture"
          field="architecture"
          names={["amd64", "arm64", "ppc64le", "s390x", "riscv64"]}
          {...{ draft, set }}
        />
        <PlatformPart label="Variant" field="variant" names={["v8", "v7"]} {...{ draft, set }} />
      </div>
      <Errors errors={errorsAt(errors, "spec.platform")} />
      <h3>Labels that carry features</h3>
      <Pairs
        {...{ what: "feature label", left: "Label", right: "Namespace", sign: "→" }}
        rows={draft.featureLabels}
        onChange={(featureLabels) => set({ featureLabels })}
      />
      <Errors errors={errorsAt(errors, "spec.featureLabels")} />
      <Field
        label="Other fields"
        hint={
          <>
            As JSON: <code>deviceAttributes</code>, <code>nodeTemplate</code>
          </>
        }
        errors={errorsAt(errors, ...otherPaths)}
      >
        {(wiring) => (
          <textarea
            {...wiring}
            rows={draft.rest === "" ? 2 : 8}
            value={draft.rest}
            onInput={({ currentTarget }) => set({ rest: currentTarget.value })}
            spellcheck={false}
          />
        )}
      </Field>
    </>
  );
}

interface PlatformPartProps extends Omit<PartProps, "errors"> {
  readonly label: string;
  readonly field: "os" | "architecture" | "variant";
  readonly names: readonly string[];
}

function PlatformPart({ label, field, names, draft, set }: PlatformPartProps) {
  return (
    <Field label={label}>
      {(wiring) => (
        <>
          <input
            {...wiring}
            list={`names-of-${field}`}
            value={draft[field]}
            onInput={({ currentTarget }) => set({ [field]: currentTarget.value })}
            autocapitalize="none"
            autocomplete="off"
          />
          <datalist id={`names-of-${field}`}>
            {names.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
