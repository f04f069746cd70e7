import { useState } from "preact/hooks";
import type { MachineTypeView } from "../../../contract/machine-types.ts";
import { ButtonLink } from "../../parts/button.tsx";
import { Empty, Loading, Notes, Notice, ProblemNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { YamlDialog } from "../../parts/yaml.tsx";
import { useConsole } from "../../state/console.ts";
import { useResource } from "../../state/resource.ts";
import { linkTo } from "../../state/route.ts";
import { Card } from "./card.tsx";
import { DeleteDialog } from "./delete.tsx";
import { barredFrom } from "./rights.ts";

/** A dialog that is open over the cards. */
type Open = { readonly what: "yaml" | "delete"; readonly type: MachineTypeView };

export function MachineTypesPage() {
  const { session, formats } = useConsole();
  const { data, problem, reload } = useResource<{
    readonly items: readonly MachineTypeView[];
    readonly notes?: string[];
  }>("/machine-types", [...(["machine-types", "nodes", "credentials"] as const)]);
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState<Open>();
  const { id, sentence, may } = barredFrom(session);
  const all = data?.items ?? [];
  const found = all.filter((type) => fits(type, search));
  return (
    <Page
      title="Machine types"
      says="Classes of machines that offer the same. Each gets the build of an image that fits it best."
      actions={
        <ButtonLink
          icon="add"
          look="main"
          href={linkTo(["new-machine-type"])}
          barredBy={may("create") ? undefined : id}
        >
          Add
        </ButtonLink>
      }
    >
      {sentence === undefined ? null : (
        <Notice tone="plain" id={id}>
          {sentence}
        </Notice>
      )}
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <Notes notes={data?.notes} />
      <search class="filters">
        <div class="filter long">
          <label for="search">Search</label>
          <input
            id="search"
            type="search"
            placeholder="Name, feature or platform"
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </div>
        <span class="muted" role="status">
          {data === undefined ? "" : counted(found.length, all.length, formats.number)}
        </span>
      </search>
      {data === undefined && problem === undefined ? <Loading what="machine types" /> : null}
      {data !== undefined && all.length === 0 ? (
        <Empty title="No machine type yet">
          Add the first one: give it a name, say which nodes it is, and what they offer. Until then each node counts by
          its own labels.
        </Empty>
      ) : null}
      {all.length > 0 && found.length === 0 ? (
        <Empty title="Nothing fits your search">
          Search for a part of a name, of a feature such as zen4, or of a platform.
        </Empty>
      ) : null}
      <ul class="cards">
        {found.map((type) => (
          <Card key={type.name} type={type} onOpen={(what) => setOpen({ what, type })} />
        ))}
      </ul>
      {open?.what === "yaml" ? (
        <YamlDialog name={open.type.name} yaml={open.type.yaml} onClose={() => setOpen(undefined)} />
      ) : null}
      {open?.what === "delete" ? (
        <DeleteDialog
          type={open.type}
          onClose={() => setOpen(undefined)}
          onDeleted={() => {
            setOpen(undefined);
            reload();
          }}
        />
      ) : null}
    </Page>
  );
}

function fits({ name, platform, features }: MachineTypeView, search: string): boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const texts = [name, platform ?? "", ...features.flatMap((group) => group.features.map(({ feature }) => feature))];
  const text = texts.join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

function counted(found: number, all: number, number: (value: number) => string): string {
  if (found === all) return all === 1 ? "1 machine type" : `${number(all)} machine types`;
  return `${number(found)} of ${number(all)}`;
}
