import { useCallback, useState } from "preact/hooks";
import type { MachineTypeView } from "../../../contract/machine-types.ts";
import type { NodeView } from "../../../contract/views.ts";
import { ChoiceFilter, TextFilter } from "../../parts/filters.tsx";
import { type Column, LongTable } from "../../parts/long-table.tsx";
import { Badge, Empty, ProblemNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { useConsole } from "../../state/console.ts";
import { usePaged } from "../../state/paged.ts";
import { useResource } from "../../state/resource.ts";
import { linkTo, replaceWith } from "../../state/route.ts";
import { shown } from "../../text/shown.ts";
import { NodeDialog } from "./node.tsx";

const height = { wide: 40, narrow: 128 };

export function NodesPage({ query }: { readonly query: URLSearchParams }) {
  const filters = {
    search: query.get("search") ?? "",
    machineType: query.get("machineType") ?? "",
    profile: query.get("profile") ?? "",
  };
  const list = usePaged<NodeView>("/nodes", filters, ["nodes", "machine-types"]);
  const types = useResource<{ readonly items: readonly MachineTypeView[] }>("/machine-types", ["machine-types"]);
  const [open, setOpen] = useState<NodeView>();
  const asked = JSON.stringify(filters);
  const filter = useCallback(
    (part: Partial<typeof filters>) => replaceWith(linkTo(["nodes"], { ...JSON.parse(asked), ...part })),
    [asked],
  );
  const inCluster = (types.data?.items ?? []).filter(({ external }) => !external);
  const names = [...new Set([...inCluster.map(({ name }) => name), filters.machineType])].filter(Boolean);
  return (
    <Page title="Nodes" says="What each node offers, and where that is known from.">
      <search class="filters">
        <TextFilter
          id="search"
          label="Search"
          hint="Part of a name or feature"
          value={filters.search}
          onChange={useCallback((search: string) => filter({ search }), [filter])}
        />
        <ChoiceFilter
          id="machine-type"
          label="Machine type"
          value={filters.machineType}
          choices={names.map((name) => [name, shown(name)])}
          onChange={(machineType) => filter({ machineType })}
        />
        {filters.profile === "" ? null : (
          <button type="button" class="button" onClick={() => filter({ profile: "" })}>
            Profile {shown(filters.profile)}: show all
          </button>
        )}
      </search>
      {list.problem === undefined ? null : <ProblemNotice problem={list.problem} />}
      {list.total === 0 ? (
        <NoNodes filtered={Object.values(filters).some((text) => text !== "")} />
      ) : (
        <LongTable
          label="Nodes"
          list={list}
          height={height}
          keyOf={({ name }) => name}
          columns={columnsFor(setOpen, (profile) => filter({ profile }))}
        />
      )}
      {open === undefined ? null : <NodeDialog node={open} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}

function NoNodes({ filtered }: { readonly filtered: boolean }) {
  const { session } = useConsole();
  if (filtered)
    return (
      <Empty title="No node fits">
        Search for a part of a name, of a feature or of a machine type, or take a filter away.
      </Empty>
    );
  return (
    <Empty title="No nodes yet">
      {session.place.kind === "folder"
        ? "This folder has none: put manifests of nodes into it, as kubectl get nodes -o yaml prints them."
        : "They appear here as soon as they join the cluster."}
    </Empty>
  );
}

function columnsFor(open: (node: NodeView) => void, byProfile: (profile: string) => void): readonly Column<NodeView>[] {
  return [
    {
      name: "Node",
      width: "minmax(160px, 2fr)",
      cell: (node) => (
        <button type="button" class="celllink" title={node.name} onClick={() => open(node)}>
          <bdi>{shown(node.name)}</bdi>
        </button>
      ),
    },
    {
      name: "Machine type",
      width: "minmax(120px, 1fr)",
      cell: ({ machineType }) =>
        machineType === null ? (
          <span class="muted">none</span>
        ) : (
          <span title={machineType}>
            <bdi>{shown(machineType)}</bdi>
          </span>
        ),
    },
    {
      name: "Profile",
      width: "minmax(104px, 120px)",
      cell: ({ profile }) => (
        <button
          type="button"
          class="celllink"
          title="Show the nodes that offer the same"
          aria-label={`${shown(profile)}: show the nodes that offer the same`}
          onClick={() => byProfile(profile)}
        >
          <code>{shown(profile)}</code>
        </button>
      ),
    },
    { name: "Platform", width: "minmax(100px, 130px)", cell: ({ platform }) => <bdi>{shown(platform)}</bdi> },
    {
      name: "Offers",
      width: "minmax(200px, 3fr)",
      cell: ({ features, notBelieved }) => {
        const names = features.map(({ feature }) => feature).join(", ");
        return (
          <span title={names}>
            {notBelieved.length === 0 ? null : <Badge tone="warn">{notBelieved.length} not believed</Badge>}{" "}
            {names === "" ? <span class="muted">nothing known</span> : <bdi>{shown(names)}</bdi>}
          </span>
        );
      },
    },
  ];
}
