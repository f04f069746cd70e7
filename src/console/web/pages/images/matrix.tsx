import type { Matrix } from "../../../contract/views.ts";
import { Icon } from "../../parts/icon.tsx";
import { Scrolled } from "../../parts/scrolled.tsx";
import { useConsole } from "../../state/console.ts";
import { shown } from "../../text/shown.ts";
import { shortName } from "./builds.tsx";

type Variant = Matrix["variants"][number];
type Machine = Matrix["machines"][number];

/** Machine types down, builds across: each cell says whether it is the one, and if not, why. */
export function MatrixTable({ variants, machines }: Pick<Matrix, "variants" | "machines">) {
  const { formats } = useConsole();
  const platforms = new Set(variants.map(({ platform }) => platform)).size;
  const heading = ({ platform, requires }: Variant): readonly string[] =>
    platforms > 1 || requires.length === 0 ? [platform, ...requires.map(either)] : requires.map(either);
  return (
    <section aria-labelledby="matrix">
      <h2 id="matrix">Who gets which</h2>
      <Scrolled
        class="tablebox matrixbox"
        label="The matrix, to be scrolled"
        holds={machines.length === 1 ? "1 row" : `${formats.number(machines.length)} rows`}
      >
        <table class="matrix">
          <caption class="unseen">Machine types and builds</caption>
          <thead>
            <tr>
              <th scope="col">Machine type</th>
              {variants.map((variant) => (
                <th scope="col" key={variant.position} title={variant.says}>
                  {shortName(variant)}
                  <Lines texts={heading(variant)} />
                </th>
              ))}
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {machines.map((machine) => (
              <Row key={`${machine.kind}/${machine.name}`} machine={machine} variants={variants} />
            ))}
          </tbody>
        </table>
      </Scrolled>
    </section>
  );
}

function Row({ machine, variants }: { readonly machine: Machine; readonly variants: readonly Variant[] }) {
  const { kind, name, offers, platform, reason, warnings } = machine;
  return (
    <tr>
      <th scope="row" title={`${platform}: ${offers.join(", ") || "no feature"}`}>
        <span class="clamped rowname">
          <bdi>{shown(name)}</bdi>
        </span>
        {kind === "Node" ? <span class="words">a node</span> : null}
      </th>
      {variants.map((variant) => (
        <Cell key={variant.position} machine={machine} variant={variant} variants={variants} />
      ))}
      <td class="why">
        {shown(reason)}
        {warnings.map((warning) => (
          <span class="warning" key={warning}>
            <Icon name="alert" /> {shown(warning)}
          </span>
        ))}
      </td>
    </tr>
  );
}

interface CellProps {
  readonly machine: Machine;
  readonly variant: Variant;
  readonly variants: readonly Variant[];
}

function Cell({ machine, variant, variants }: CellProps) {
  const outcome = machine.considered.find(({ digest }) => digest === variant.digest);
  if (machine.selected === variant.digest || outcome?.outcome === "selected")
    return (
      <td class="chosen">
        <Icon name="check" />
        <span>gets this</span>
      </td>
    );
  if (outcome === undefined) return <td class="muted">{machine.unknown ? "not known" : "not looked at"}</td>;
  if (outcome.outcome === "outranked") {
    const better = variants.find(({ digest }) => digest === outcome.by);
    return (
      <td>
        <Icon name="minus" />
        <span>fits; {better === undefined ? "another" : shortName(better)} is better</span>
      </td>
    );
  }
  return (
    <td class="muted">
      <Icon name="cross" />
      <span>{outcome.missing.length === 0 ? "another platform" : "lacks"}</span>
      <Lines texts={outcome.missing.map(either)} />
    </td>
  );
}

/** `nvcap:9.0 or nvptx:9.0`: any one of them will do. */
function either(group: readonly string[]): string {
  return group.join(" or ");
}

/** Each on a line of its own, which breaks between words and not within them. */
function Lines({ texts }: { readonly texts: readonly string[] }) {
  return (
    <>
      {texts.map((text) => (
        <span class="words line" key={text}>
          {shown(text)}
        </span>
      ))}
    </>
  );
}
