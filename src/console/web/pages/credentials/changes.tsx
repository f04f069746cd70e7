import { useRef, useState } from "preact/hooks";
import type { CredentialView, MadeCredentialView } from "../../../contract/credentials.ts";
import type { Problem } from "../../../contract/parts.ts";
import { problemOf } from "../../api/problem.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { useConsole } from "../../state/console.ts";
import { shown } from "../../text/shown.ts";

interface ChangeProps {
  readonly path: string;
  readonly credential: CredentialView;
  readonly onClose: () => void;
}

/** Seconds for which the former secret still counts. */
const overlaps = [
  [0, "ends at once"],
  [3600, "counts for an hour more"],
  [86_400, "counts for a day more"],
  [604_800, "counts for a week more"],
] as const;

export function RotateDialog({
  path,
  credential: { id },
  onClose,
  onMade,
}: ChangeProps & { readonly onMade: (made: MadeCredentialView) => void }) {
  const { api } = useConsole();
  const [overlapSeconds, setOverlap] = useState(86_400);
  const { busy, problem, run } = useOnce(async () => {
    onMade(await api.send<MadeCredentialView>("POST", `${path}/${encodeURIComponent(id)}:rotate`, { overlapSeconds }));
  });
  return (
    <Dialog title={`Rotate ${id}`} onClose={onClose}>
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <p>It gets a new secret under the same user name.</p>
      <Field label="The former secret">
        {(wiring) => (
          <select
            {...wiring}
            value={overlapSeconds}
            onChange={({ currentTarget }) => setOverlap(Number(currentTarget.value))}
          >
            {overlaps.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
      <div class="actions end">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="main" busy={busy} label={`Rotate ${shown(id)} now`} onClick={run}>
          Rotate
        </Button>
      </div>
    </Dialog>
  );
}

export function RevokeDialog({
  path,
  credential: { id, username },
  onClose,
  onRevoked,
}: ChangeProps & { readonly onRevoked: () => void }) {
  const { api } = useConsole();
  const revoked = useRef(false);
  const { busy, problem, run } = useOnce(async () => {
    await api.send("DELETE", `${path}/${encodeURIComponent(id)}`);
    revoked.current = true;
    onRevoked();
  });
  return (
    <Dialog title={`Revoke ${id}?`} isGone={() => revoked.current} onClose={onClose}>
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      <p>
        Whoever pulls as <bdi class="name">{shown(username)}</bdi> is refused from then on. This cannot be undone.
      </p>
      <div class="actions end">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" busy={busy} label={`Revoke ${shown(id)} now`} onClick={run}>
          Revoke
        </Button>
      </div>
    </Dialog>
  );
}

/** Runs something that ends the dialog where it succeeds, and tells why where it does not. */
function useOnce(work: () => Promise<void>) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const run = (): void => {
    setBusy(true);
    setProblem(undefined);
    work().catch((error) => {
      setProblem(problemOf(error));
      setBusy(false);
    });
  };
  return { busy, problem, run };
}
