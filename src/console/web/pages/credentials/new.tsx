import { useState } from "preact/hooks";
import type { MadeCredentialView } from "../../../contract/credentials.ts";
import type { Problem } from "../../../contract/parts.ts";
import { problemOf } from "../../api/problem.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorsAt, Field } from "../../parts/field.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { useConsole } from "../../state/console.ts";

const dayMs = 86_400_000;
/** Days that a credential lasts; 0: for ever. */
const lasting = [
  [30, "30 days"],
  [90, "90 days"],
  [365, "a year"],
  [0, "for ever"],
] as const;

interface NewProps {
  readonly path: string;
  readonly onClose: () => void;
  readonly onMade: (made: MadeCredentialView) => void;
}

export function NewDialog({ path, onClose, onMade }: NewProps) {
  const { api, formats } = useConsole();
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  const [repositories, setRepositories] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const ends = new Date(Date.now() + days * dayMs).toISOString();
  const errors = problem?.fields ?? [];
  const make = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    const limited = repositories.split(/[\s,]+/).filter(Boolean);
    try {
      const body = {
        name,
        ...(days === 0 ? {} : { expires: ends }),
        ...(limited.length === 0 ? {} : { repositories: limited }),
      };
      onMade(await api.send<MadeCredentialView>("POST", path, body));
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="New credential" onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void make();
        }}
      >
        {problem === undefined ? null : <ProblemNotice problem={problem} />}
        <Field
          label="Name"
          hint="For whom it is: login-1, ci. Small letters, digits and hyphens."
          errors={errorsAt(errors, "name", "metadata.name", "spec.username")}
        >
          {(wiring) => (
            <input
              {...wiring}
              value={name}
              onInput={({ currentTarget }) => setName(currentTarget.value)}
              autocapitalize="none"
              autocomplete="off"
              spellcheck={false}
              maxLength={253}
            />
          )}
        </Field>
        <Field
          label="Lasts"
          hint={
            days === 0 ? (
              "It ends when somebody revokes it."
            ) : (
              <>
                Until <span lang={formats.locale}>{formats.day(ends)}</span>
              </>
            )
          }
          errors={errorsAt(errors, "expires", "spec.expires")}
        >
          {(wiring) => (
            <select {...wiring} value={days} onChange={({ currentTarget }) => setDays(Number(currentTarget.value))}>
              {lasting.map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label="Repositories"
          hint={
            <>
              One a line, such as <code>qnib/*</code>. Without any: all.
            </>
          }
          errors={errorsAt(errors, "repositories", "spec.repositories")}
        >
          {(wiring) => (
            <textarea
              {...wiring}
              rows={3}
              value={repositories}
              onInput={({ currentTarget }) => setRepositories(currentTarget.value)}
              spellcheck={false}
            />
          )}
        </Field>
        <div class="actions end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={busy}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
