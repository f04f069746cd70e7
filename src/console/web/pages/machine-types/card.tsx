import type { MachineTypeView } from "../../../contract/machine-types.ts";
import { Button, ButtonLink } from "../../parts/button.tsx";
import { FeatureRows } from "../../parts/features.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useConsole } from "../../state/console.ts";
import { linkTo } from "../../state/route.ts";
import { shown } from "../../text/shown.ts";
import { barredFrom } from "./rights.ts";

interface CardProps {
  readonly type: MachineTypeView;
  readonly onOpen: (what: "yaml" | "delete") => void;
}

export function Card({ type, onOpen }: CardProps) {
  const { session, formats } = useConsole();
  const { name, platform, features, credentials } = type;
  const { id, may } = barredFrom(session);
  const label = (text: string): string => `${text} of ${shown(name)}`;
  return (
    <li class="card">
      <h2 title={name}>
        <bdi>{shown(name)}</bdi>
      </h2>
      <p class="cardfacts">
        <Machines type={type} />
        {platform === undefined ? null : (
          <span>
            <bdi>{shown(platform)}</bdi>
          </span>
        )}
      </p>
      <Warnings type={type} />
      <FeatureRows groups={features} />
      <div class="cardactions">
        <ButtonLink icon="key" href={linkTo(["machine-types", name, "credentials"])} label={label("Credentials")}>
          Credentials{credentials === undefined ? "" : ` (${formats.number(credentials)})`}
        </ButtonLink>
        <div class="together">
          <ButtonLink
            look="quiet"
            href={linkTo(["machine-types", name, "edit"])}
            label={`Edit ${shown(name)}`}
            barredBy={may("update") ? undefined : id}
          >
            Edit
          </ButtonLink>
          <Button look="quiet" label={label("YAML")} onClick={() => onOpen("yaml")}>
            YAML
          </Button>
          <Button
            look="quiet"
            label={`Delete ${shown(name)}`}
            barredBy={may("delete") ? undefined : id}
            onClick={() => onOpen("delete")}
          >
            Delete
          </Button>
        </div>
      </div>
    </li>
  );
}

function Machines({ type: { name, external, nodes } }: { readonly type: MachineTypeView }) {
  const { formats } = useConsole();
  if (external) return <span>Machines outside the cluster</span>;
  if (nodes === 0) return <span>No nodes</span>;
  return (
    <a href={linkTo(["nodes"], { machineType: name })}>
      {nodes === 1 ? "1 node" : `${formats.number(nodes)} nodes`}
      <span class="unseen"> of {shown(name)}</span>
    </a>
  );
}

/** Conditions that are not as one would wish, and which of its nodes differ. */
function Warnings({ type: { profiles, conditions } }: { readonly type: MachineTypeView }) {
  const { formats } = useConsole();
  const bad = conditions.filter(({ status, type }) => status === "False" && type !== "Homogeneous");
  const differ = profiles.length > 1;
  if (bad.length === 0 && !differ) return null;
  return (
    <div class="cardwarnings">
      {bad.map(({ type, message }) => (
        <p key={type}>
          <Icon name="alert" />
          <span>{shown(message)}</span>
        </p>
      ))}
      {differ ? (
        <details>
          <summary>
            <Icon name="alert" />
            <span>Its nodes differ: {formats.number(profiles.length)} kinds</span>
          </summary>
          <ul>
            {profiles.map(({ features, nodes, example }) => (
              <li key={example}>
                {nodes === 1 ? "1 node" : `${formats.number(nodes)} nodes`}, such as <bdi>{shown(example)}</bdi>:{" "}
                {features.length === 0 ? "no feature" : shown(features.join(", "))}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
}
