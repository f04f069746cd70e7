import type { Matrix } from "../../../contract/views.ts";
import { Digest } from "../../parts/copy.tsx";
import { useConsole } from "../../state/console.ts";
import { chosenFor } from "../../text/chosen.ts";
import { shown } from "../../text/shown.ts";

type Variant = Matrix["variants"][number];

/** A letter or number by which a build is meant in the matrix: `B1`. */
export function shortName({ position }: Variant): string {
  return `B${position + 1}`;
}

export function Builds({ variants, machines }: Pick<Matrix, "variants" | "machines">) {
  return (
    <section aria-labelledby="builds">
      <h2 id="builds">Builds</h2>
      <div class="tablebox">
        <table class="reflow">
          <caption class="unseen">Builds of the image, and what each needs</caption>
          <thead>
            <tr>
              <th scope="col">Build</th>
              <th scope="col">Platform</th>
              <th scope="col">Needs</th>
              <th scope="col">Digest</th>
              <th scope="col" class="number">
                Chosen for
              </th>
            </tr>
          </thead>
          <tbody>
            {variants.map((variant) => (
              <Row key={variant.position} variant={variant} machines={machines} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ variant, machines }: { readonly variant: Variant; readonly machines: Matrix["machines"] }) {
  const { formats } = useConsole();
  const { digest, platform, requires, says, repository } = variant;
  return (
    <tr>
      <th scope="row" data-label="Build">
        {shortName(variant)}
      </th>
      <td data-label="Platform">
        <bdi>{shown(platform)}</bdi>
      </td>
      <td data-label="Needs">
        <span>
          {requires.length === 0 ? null : (
            <span class="chips">
              {requires.map((group) => (
                <span class="chip" key={group.join()}>
                  <bdi>{shown(group.join(" or "))}</bdi>
                </span>
              ))}
            </span>
          )}
          <span class="words">{shown(says)}</span>
        </span>
      </td>
      <td data-label="Digest">
        <span>
          <Digest digest={digest} />
          {repository === undefined ? null : <span class="words">in {shown(repository)}</span>}
        </span>
      </td>
      <td data-label="Chosen for" class="number">
        {chosenFor(digest, machines, formats.number).map((text) => (
          <span class="words" key={text}>
            {text}
          </span>
        ))}
      </td>
    </tr>
  );
}
