import type { ComponentChildren } from "preact";
import { useCallback } from "preact/hooks";
import type { SelectionView } from "../../../contract/views.ts";
import { Digest } from "../../parts/copy.tsx";
import { ChoiceFilter, TextFilter } from "../../parts/filters.tsx";
import { type Column, LongTable } from "../../parts/long-table.tsx";
import { Badge, Empty, ProblemNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Time } from "../../parts/time.tsx";
import { useConsole } from "../../state/console.ts";
import { usePaged } from "../../state/paged.ts";
import { linkTo, replaceWith } from "../../state/route.ts";
import { shown } from "../../text/shown.ts";

const height = { wide: 64, narrow: 256 };

/** Word, tone, and what it means. */
const states = {
  best: ["best", "good", "It runs what would be chosen for its node now."],
  stale: ["no longer best", "warn", "Its node offers something else since it was chosen."],
  missed: ["missed", "bad", "It was bound without a choice."],
  left: ["left alone", "plain", "There was nothing to choose."],
  unknown: ["not known", "plain", "Whether it is still the best cannot be told without asking the registry."],
} as const;

/** Says what to do where there is no Pod. */
const nothing = {
  cluster: "No choice was made for a Pod yet. Label a namespace to opt in: its new Pods then appear here.",
  folder: "A folder has no Pods. The console of a cluster shows them here.",
} as const;

export function RunningPage({ query }: { readonly query: URLSearchParams }) {
  const { session } = useConsole();
  const filters = {
    namespace: query.get("namespace") ?? "",
    node: query.get("node") ?? "",
    image: query.get("image") ?? "",
    state: query.get("state") ?? "",
  };
  const list = usePaged<SelectionView>("/selections", filters, ["selections"]);
  const asked = JSON.stringify(filters);
  const filter = useCallback(
    (part: Partial<typeof filters>) => replaceWith(linkTo(["running"], { ...JSON.parse(asked), ...part })),
    [asked],
  );
  return (
    <Page title="Running" says="What was chosen for Pods, for which node, and whether it is still the best.">
      <search class="filters">
        <TextFilter
          id="namespace"
          label="Namespace"
          hint="Whole name"
          value={filters.namespace}
          onChange={useCallback((namespace: string) => filter({ namespace }), [filter])}
        />
        <TextFilter
          id="node"
          label="Node"
          hint="Whole name"
          value={filters.node}
          onChange={useCallback((node: string) => filter({ node }), [filter])}
        />
        <TextFilter
          id="image"
          label="Image"
          hint="Part of a name"
          value={filters.image}
          onChange={useCallback((image: string) => filter({ image }), [filter])}
        />
        <ChoiceFilter
          id="state"
          label="State"
          value={filters.state}
          choices={Object.entries(states).map(([value, [text]]) => [value, text])}
          onChange={(state) => filter({ state })}
        />
      </search>
      {list.problem === undefined ? null : <ProblemNotice problem={list.problem} />}
      {list.total === 0 ? (
        <Empty title="Nothing to show">
          {Object.values(filters).some((text) => text !== "")
            ? "No Pod fits these filters."
            : nothing[session.place.kind]}
        </Empty>
      ) : (
        <LongTable
          label="Selections"
          list={list}
          height={height}
          keyOf={({ namespace, pod, container }) => `${namespace}/${pod}/${container}`}
          columns={columns}
        />
      )}
    </Page>
  );
}

const columns: readonly Column<SelectionView>[] = [
  {
    name: "State",
    width: "132px",
    cell: ({ state }) => {
      const [text, tone, title] = states[state];
      return (
        <Badge tone={tone} title={title}>
          {text}
        </Badge>
      );
    },
  },
  {
    name: "Pod and container",
    short: "Pod",
    width: "minmax(140px, 2fr)",
    cell: ({ namespace, pod, container }) => (
      <Two first={`${namespace}/${pod}`} second={<bdi>{shown(container)}</bdi>} />
    ),
  },
  {
    name: "Asked and got",
    width: "minmax(176px, 2fr)",
    cell: ({ asked, image, build }) => (
      <Two
        first={asked}
        second={build === undefined ? <bdi title={image}>{shown(image)}</bdi> : <Digest digest={build} />}
      />
    ),
  },
  {
    name: "Node and type",
    width: "minmax(100px, 1.5fr)",
    cell: ({ node, machineType }) => (
      <Two first={node ?? "not bound yet"} second={machineType === undefined ? "" : <bdi>{shown(machineType)}</bdi>} />
    ),
  },
  {
    name: "Why",
    width: "minmax(140px, 3fr)",
    cell: ({ reason }) => (
      <span class="clamp" title={reason}>
        {shown(reason)}
      </span>
    ),
  },
  { name: "When", width: "minmax(104px, 120px)", cell: ({ at }) => <Time time={at} /> },
];

/** Two lines, each cut where it is too long. */
function Two({ first, second }: { readonly first: string; readonly second: ComponentChildren }) {
  return (
    <span class="two">
      <span title={first}>
        <bdi>{shown(first)}</bdi>
      </span>
      <span class="muted">{second}</span>
    </span>
  );
}
