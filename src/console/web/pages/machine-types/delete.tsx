import { useEffect, useRef, useState } from "preact/hooks";
import type { MachineTypeView, Preview } from "../../../contract/machine-types.ts";
import type { Problem } from "../../../contract/parts.ts";
import { pathWith } from "../../api/client.ts";
import { problemOf } from "../../api/problem.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Loading, ProblemNotice } from "../../parts/notice.tsx";
import { useConsole } from "../../state/console.ts";
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

function Effect({ effect: { moved, pods, credentials } }: { readonly effect: Preview }) {
  const { formats } = useConsole();
  const nothing = moved.length === 0 && (pods ?? 0) === 0 && (credentials ?? 0) === 0;
  if (nothing)
    return <p>Nothing else changes: no node is of this type, no Pod got its build by it, no credential ends.</p>;
  return (
    <>
      <p>This changes:</p>
      <ul class="plainlist">
        <Moved moved={moved} />
        {pods === undefined || pods === 0 ? null : (
          <li>
            <strong>{formats.number(pods)}</strong> running Pods had their builds chosen on its nodes. They run on; new
            ones may get another build.
          </li>
        )}
        {credentials === undefined || credentials === 0 ? null : (
          <li>
            <strong>{formats.number(credentials)}</strong> credentials end: whoever pulls with them is refused.
          </li>
        )}
      </ul>
    </>
  );
}
