import { useEffect, useState } from "preact/hooks";
import type { Preview } from "../../../contract/machine-types.ts";
import type { Problem } from "../../../contract/parts.ts";
import { problemOf } from "../../api/problem.ts";
import { Notice, ProblemNotice } from "../../parts/notice.tsx";
import { useConsole } from "../../state/console.ts";
import type { Spec } from "../../text/draft.ts";
import { shown } from "../../text/shown.ts";

const pauseMs = 350;
/** Names that are listed before one has to ask for all. */
const fewNames = 12;

export interface PreviewState {
  readonly preview: Preview | undefined;
  readonly problem: Problem | undefined;
}

/** Asks what a draft would do, after a pause in typing. Nothing is asked without a draft. */
export function usePreview(name: string, spec: Spec | undefined): PreviewState {
  const { api } = useConsole();
  const [state, setState] = useState<PreviewState>({ preview: undefined, problem: undefined });
  const body = spec === undefined ? undefined : JSON.stringify({ name: name || "new", spec });
  useEffect(() => {
    if (body === undefined) return;
    const control = new AbortController();
    const timer = window.setTimeout(() => {
      api.send<Preview>("POST", "/machine-types:preview", JSON.parse(body), control.signal).then(
        (preview) => setState({ preview, problem: undefined }),
        (error) => control.signal.aborted || setState({ preview: undefined, problem: problemOf(error) }),
      );
    }, pauseMs);
    return () => {
      window.clearTimeout(timer);
      control.abort();
    };
  }, [api, body]);
  return state;
}

export function PreviewPanel({
  state: { preview, problem },
  external,
}: {
  readonly state: PreviewState;
  readonly external: boolean;
}) {
  const { formats } = useConsole();
  return (
    <aside class="preview" aria-label="Preview">
      <h2>Preview</h2>
      <div role="status">
        {problem === undefined ? null : <ProblemNotice problem={problem} />}
        {preview === undefined ? (
          <p class="muted">Here stands which nodes this catches, before anything is saved.</p>
        ) : (
          <>
            <p class="big">
              {external
                ? "No nodes: machines outside the cluster"
                : preview.nodes === 1
                  ? "1 node"
                  : `${formats.number(preview.nodes)} nodes`}
            </p>
            {preview.moved.length === 0 ? null : (
              <ul class="plainlist">
                <Moved moved={preview.moved} />
              </ul>
            )}
            {preview.warnings.map((warning) => (
              <Notice key={warning} tone="warn">
                {shown(warning)}
              </Notice>
            ))}
          </>
        )}
      </div>
      {preview === undefined ? null : <Details preview={preview} />}
    </aside>
  );
}

function Details({ preview: { names, nodes, features } }: { readonly preview: Preview }) {
  const { formats } = useConsole();
  const [all, setAll] = useState(false);
  return (
    <>
      {features.length === 0 ? null : (
        <>
          <h3>They offer</h3>
          <p class="chips">
            {features.map((feature) => (
              <span key={feature} class="chip">
                <bdi>{shown(feature)}</bdi>
              </span>
            ))}
          </p>
        </>
      )}
      {names.length === 0 ? null : (
        <>
          <h3>Nodes</h3>
          <ul class="names">
            {(all ? names : names.slice(0, fewNames)).map((name) => (
              <li key={name}>
                <bdi>{shown(name)}</bdi>
              </li>
            ))}
          </ul>
          {names.length > fewNames && !all ? (
            <button type="button" class="more" onClick={() => setAll(true)}>
              Show {formats.number(names.length)} names
            </button>
          ) : null}
          {all && nodes > names.length ? <p class="muted">and {formats.number(nodes - names.length)} more</p> : null}
        </>
      )}
    </>
  );
}

/** Nodes that change their type, one line for each way. */
export function Moved({ moved }: { readonly moved: Preview["moved"] }) {
  const { formats } = useConsole();
  return (
    <>
      {moved.map(({ from, to, nodes }) => (
        <li key={`${from}\n${to}`}>
          <strong>{formats.number(nodes)}</strong> {nodes === 1 ? "node goes" : "nodes go"} from {typeName(from)} to{" "}
          {typeName(to)}
        </li>
      ))}
    </>
  );
}

function typeName(name: string | null) {
  return name === null ? "no machine type" : <bdi class="name">{shown(name)}</bdi>;
}
