import { useState } from "preact/hooks";
import type { MachineTypeView } from "../../contract/machine-types.ts";
import { shown } from "../text/shown.ts";
import { Icon } from "./icon.tsx";

/** Chips of one namespace that a card shows before it is asked for more. */
const few = 8;

/** Features as chips, a row for each namespace. */
export function FeatureRows({ groups }: { readonly groups: MachineTypeView["features"] }) {
  if (groups.length === 0)
    return <p class="muted">No feature is known: only builds for any machine of its platform fit.</p>;
  return (
    <dl class="features">
      {groups.map((group) => (
        <FeatureRow key={group.namespace} group={group} />
      ))}
    </dl>
  );
}

function FeatureRow({ group: { namespace, features } }: { readonly group: MachineTypeView["features"][number] }) {
  const [all, setAll] = useState(false);
  const some = all ? features : features.slice(0, few);
  return (
    <div>
      <dt>
        <bdi>{shown(namespace)}</bdi>
      </dt>
      <dd class="chips">
        {some.map(({ feature, declared, says }) => (
          <span
            key={feature}
            class="chip"
            title={[says, declared ? "declared here" : undefined].filter(Boolean).join("; ")}
          >
            {declared ? (
              <>
                <Icon name="pin" />
                <span class="unseen">declared: </span>
              </>
            ) : null}
            <bdi>{shown(withoutNamespace(feature, namespace))}</bdi>
          </span>
        ))}
        {features.length > few ? (
          <button type="button" class="more" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "fewer" : `${features.length - few} more`}
            <span class="unseen"> of {shown(namespace)}</span>
          </button>
        ) : null}
      </dd>
    </div>
  );
}

function withoutNamespace(feature: string, namespace: string): string {
  return feature.startsWith(`${namespace}:`) ? feature.slice(namespace.length + 1) : feature;
}
