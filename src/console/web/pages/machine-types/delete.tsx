import { useEffect, useRef, useState } from "preact/hooks";
import type { MachineTypeView, Preview } from "../../../contract/machine-types.ts";
import type { Problem } from "../../../contract/parts.ts";
import { pathWith } from "../../api/client.ts";
import { problemOf } from "../../api/problem.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Loading, Notice, ProblemNotice } from "../../parts/notice.tsx";
import { useConsole } from "../../state/console.ts";
import { deletionCounts, deletionTold } from "../../text/deletion.ts";
import { shown } from "../../text/shown.ts";
import { Moved } from "./preview.tsx";

interface DeleteProps {
  readonly type: MachineTypeView;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

export function DeleteDialog({ type, onClose, onDeleted }: DeleteProps) {
  const { api } = useConsole();
  const { name, resourceVersion, spec } = type;
  const [effect, setEffect] = useState<Preview>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const deleted = useRef(false);
  useEffect(() => {
    const control = new AbortController();
    api
      .send<Preview>("POST", "/machine-types:preview?delete=1", { name, spec }, control.signal)
      .then(setEffect, (error) => control.signal.aborted || setProblem(problemOf(error)));
    return () => control.abort();
  }, [api, name, spec]);
  const remove = async (): Promise<void> => {
    setBusy(true);
    try {
      await api.send("DELETE", pathWith(`/machine-types/${encodeURIComponent(name)}`, { resourceVersion }));
      deleted.current = true;
      onDeleted();
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Delete ${name}?`} isGone={() => deleted.current} onClose={onClose}>
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      {effect === undefined && problem === undefined ? <Loading what="what would change" /> : null}
      {effect === undefined ? null : <Effect effect={effect} />}
      <div class="actions end">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" busy={busy} label={`Delete ${shown(name)} now`} onClick={() => void remove()}>
          Delete
        </Button>
      </div>
    </Dialog>
  );
}

function Effect({ effect }: { readonly effect: Preview }) {
  const { session } = useConsole();
  const { kind } = session.place;
  const place = { kind, keepsCredentials: kind === "folder" || session.may.credentials.namespace !== undefined };
  const { nothing, unknown } = deletionTold(effect, place);
  const { pods = 0, credentials = 0 } = deletionCounts(effect, place);
  return (
    <>
      {unknown.length === 0 ? null : (
        <Notice tone="warn">
          <ul class="plainlist">
            {unknown.map((sentence) => (
              <li key={sentence}>{shown(sentence)}</li>
            ))}
          </ul>
        </Notice>
      )}
      {nothing === undefined ? null : <p>{nothing}</p>}
      {effect.moved.length === 0 && pods === 0 && credentials === 0 ? null : (
        <Changes moved={effect.moved} pods={pods} credentials={credentials} />
      )}
    </>
  );
}

interface ChangesProps {
  readonly moved: Preview["moved"];
  readonly pods: number;
  readonly credentials: number;
}

function Changes({ moved, pods, credentials }: ChangesProps) {
  const { formats } = useConsole();
  return (
    <>
      <p>This changes:</p>
      <ul class="plainlist">
        <Moved moved={moved} />
        {pods === 0 ? null : (
          <li>
            <strong>{formats.number(pods)}</strong> running {pods === 1 ? "Pod" : "Pods"} had builds chosen on its
            nodes. What runs goes on; new Pods may get another build.
          </li>
        )}
        {credentials === 0 ? null : (
          <li>
            <strong>{formats.number(credentials)}</strong> {credentials === 1 ? "credential ends" : "credentials end"}:
            who pulls with it is refused.
          </li>
        )}
      </ul>
    </>
  );
}
