import { useState } from "preact/hooks";
import type { ManifestListView } from "../../../contract/views.ts";
import { Button } from "../../parts/button.tsx";
import { Digest } from "../../parts/copy.tsx";
import { Badge, Empty, Loading, Notes, ProblemNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Time } from "../../parts/time.tsx";
import { YamlDialog } from "../../parts/yaml.tsx";
import { useConsole } from "../../state/console.ts";
import { usePaged } from "../../state/paged.ts";
import { linkTo } from "../../state/route.ts";
import { shown } from "../../text/shown.ts";

const noFilter = {};

export function ListsPage() {
  const { formats, session } = useConsole();
  const { items, total, notes, problem, look } = usePaged<ManifestListView>("/manifest-lists", noFilter, [
    "manifest-lists",
  ]);
  const [open, setOpen] = useState<ManifestListView>();
  return (
    <Page title="Manifest lists" says="Builds under tags of their own, joined to one image name.">
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <Notes notes={notes} />
      {total === undefined && problem === undefined ? <Loading what="manifest lists" /> : null}
      {total === 0 ? (
        <Empty title="No manifest list yet">
          A <code>ManifestList</code> joins builds that are published under several tags, for one namespace; a{" "}
          <code>ClusterManifestList</code> for everybody.{" "}
          {session.place.kind === "folder" ? "Put one into the folder." : "Make one with kubectl."}
        </Empty>
      ) : null}
      <ul class="lists">
        {items.map((list) => (
          <List key={`${list.kind}/${list.namespace ?? ""}/${list.name}`} list={list} onYaml={() => setOpen(list)} />
        ))}
      </ul>
      {total !== undefined && items.length < total ? (
        <p class="actions">
          <Button onClick={() => look(items.length, items.length)}>Show more</Button>
          <span class="muted">
            {formats.number(items.length)} of {formats.number(total)}
          </span>
        </p>
      ) : null}
      {open === undefined ? null : <YamlDialog name={open.name} yaml={open.yaml} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}

function List({ list, onYaml }: { readonly list: ManifestListView; readonly onYaml: () => void }) {
  const { kind, namespace, name, image, entries, conditions } = list;
  return (
    <li class="list">
      <div class="listhead">
        <div>
          <h2>
            <bdi class="clamped" title={image}>
              {shown(image)}
            </bdi>
          </h2>
          <p class="muted">
            {kind} <bdi class="name">{shown(namespace === undefined ? name : `${namespace}/${name}`)}</bdi>
          </p>
        </div>
        <div class="actions">
          <a class="button quiet" href={linkTo(["images"], { image })} aria-label={`Matrix of ${shown(image)}`}>
            Matrix
          </a>
          <Button look="quiet" label={`YAML of ${shown(name)}`} onClick={onYaml}>
            YAML
          </Button>
        </div>
      </div>
      {conditions.length === 0 ? null : (
        <ul class="conditions">
          {conditions.map(({ type, status, message, reason }) => (
            <li key={type}>
              <Badge tone={toneOf(type, status)} title={reason}>
                {shown(type)}
              </Badge>{" "}
              {shown(message)}
            </li>
          ))}
        </ul>
      )}
      <div class="tablebox">
        <table class="reflow fixed">
          <caption class="unseen">Entries of {shown(image)}</caption>
          <thead>
            <tr>
              <th scope="col">Image</th>
              <th scope="col" class="short">
                Platform
              </th>
              <th scope="col">Requires</th>
              <th scope="col">Found</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <Entry key={entry.image + entry.platform + entry.requires.join()} entry={entry} />
            ))}
          </tbody>
        </table>
      </div>
    </li>
  );
}

/** A conflict is one where it is true; the others tell of what should be. */
function toneOf(type: string, status: "True" | "False" | "Unknown") {
  if (status === "Unknown") return "plain";
  return (status === "True") === (type !== "Conflict") ? "good" : "bad";
}

function Entry({
  entry: { image, digest, platform, requires, resolved, error },
}: {
  readonly entry: ManifestListView["entries"][number];
}) {
  return (
    <tr>
      <th scope="row" data-label="Image">
        <span class="clamped" title={image}>
          <bdi>{shown(image)}</bdi>
        </span>
      </th>
      <td data-label="Platform">
        {platform === undefined ? <span class="muted">its own</span> : <bdi>{shown(platform)}</bdi>}
      </td>
      <td data-label="Requires">
        {requires.length === 0 ? (
          <span class="muted">nothing</span>
        ) : (
          <span class="chips">
            {requires.map((group) => (
              <span key={group.join()} class="chip">
                <bdi>{shown(group.join(" or "))}</bdi>
              </span>
            ))}
          </span>
        )}
      </td>
      <td data-label="Found">
        <span>
          {digest === undefined ? null : <Digest digest={digest} />}{" "}
          {resolved === undefined ? null : (
            <span class="words">
              <Time time={resolved} />
            </span>
          )}
          {error === undefined ? null : <Badge tone="bad">{shown(error)}</Badge>}
          {digest === undefined && error === undefined ? <span class="muted">not looked up yet</span> : null}
        </span>
      </td>
    </tr>
  );
}
