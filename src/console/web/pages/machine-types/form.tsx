import { useEffect, useRef, useState } from "preact/hooks";
import type { MachineTypeView } from "../../../contract/machine-types.ts";
import type { Problem } from "../../../contract/parts.ts";
import type { Api } from "../../api/client.ts";
import { problemOf } from "../../api/problem.ts";
import { Button, ButtonLink } from "../../parts/button.tsx";
import { Notice, ProblemNotice } from "../../parts/notice.tsx";
import { useConsole } from "../../state/console.ts";
import { type Begun, keepDraft } from "../../state/drafts.ts";
import { goTo, linkTo } from "../../state/route.ts";
import { type Draft, draftOf, type Spec, specOf } from "../../text/draft.ts";
import { shown } from "../../text/shown.ts";
import { ConflictDialog } from "./conflict.tsx";
import { Inputs } from "./inputs.tsx";
import { PreviewPanel, usePreview } from "./preview.tsx";
import { barredFrom } from "./rights.ts";

interface FormProps {
  /** Undefined: it is a new one. */
  readonly name: string | undefined;
  readonly begin: Begun;
  /** Begun earlier, and found again. */
  readonly restored: boolean;
}

const list = linkTo(["machine-types"]);

export function MachineTypeForm({ name, begin, restored }: FormProps) {
  const { session } = useConsole();
  const [begun, setBegun] = useState(begin);
  const [again, setAgain] = useState(restored);
  const { id, sentence, may } = barredFrom(session);
  const { draft, base } = begun;
  const change = (next: Begun): void => {
    setBegun(next);
    keepDraft(name ?? "", next);
  };
  const read = readDraft(draft);
  const preview = usePreview(draft.name, read.spec);
  const { problem, conflict, busy, save, settle } = useSaving(name, begun, read.spec);
  const refused = [...(problem?.fields ?? []), ...(read.error ?? []), ...(preview.preview?.refused ?? [])];
  // Nobody is told what is wrong with a form that they have just opened.
  const errors = begun === begin && problem === undefined ? [] : unique(refused);
  const summary = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problem !== undefined) summary.current?.focus();
  }, [problem]);
  const barred = may(name === undefined ? "create" : "update") ? undefined : id;
  return (
    <form
      class="columns"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (barred === undefined && !busy) void save();
      }}
    >
      <div class="formbody">
        {sentence === undefined || barred === undefined ? null : (
          <Notice tone="plain" id={id}>
            {sentence}
          </Notice>
        )}
        {again ? (
          <Notice tone="plain" role="status">
            You had begun this earlier.{" "}
            <button type="button" class="more" onClick={() => giveUp(name)}>
              Begin anew
            </button>{" "}
            <button type="button" class="more" onClick={() => setAgain(false)}>
              Go on
            </button>
          </Notice>
        ) : null}
        <div ref={summary} tabIndex={-1}>
          {problem === undefined ? null : <ProblemNotice problem={problem} />}
          <Unplaced errors={errors} />
        </div>
        <Inputs
          draft={draft}
          isNew={name === undefined}
          errors={errors}
          onChange={(next) => change({ draft: next, base })}
        />
        <div class="actions">
          <Button type="submit" look="main" busy={busy} barredBy={barred}>
            {name === undefined ? "Add" : "Save"}
          </Button>
          <ButtonLink href={list}>Back</ButtonLink>
        </div>
      </div>
      <PreviewPanel state={preview} external={draft.external} />
      {conflict === undefined || read.spec === undefined || base === undefined ? null : (
        <ConflictDialog
          name={draft.name}
          before={base.spec}
          mine={read.spec}
          theirs={conflict.spec}
          onClose={() => settle()}
          onMerged={(spec) => {
            settle();
            change({
              draft: draftOf(draft.name, spec),
              base: { spec: conflict.spec, resourceVersion: conflict.resourceVersion },
            });
          }}
        />
      )}
    </form>
  );
}

const nameless: Problem = {
  ...{ type: "about:blank", title: "Not sent", status: 422, detail: "A machine type needs a name." },
  fields: [{ path: "name", message: "Give it a name." }],
};

/** Sends the draft; a conflict is kept until it is settled. */
function useSaving(name: string | undefined, { draft, base }: Begun, spec: Spec | undefined) {
  const { api } = useConsole();
  const [problem, setProblem] = useState<Problem>();
  const [conflict, setConflict] = useState<MachineTypeView>();
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    if (spec === undefined) return;
    if (draft.name.trim() === "") return setProblem(nameless);
    setBusy(true);
    setProblem(undefined);
    try {
      await send(api, name, { name: draft.name, resourceVersion: base?.resourceVersion, spec });
      keepDraft(name ?? "", undefined);
      goTo(list);
    } catch (error) {
      const found = problemOf(error);
      if (name !== undefined && found.status === 409 && isView(found.current)) setConflict(found.current);
      else setProblem(found);
    } finally {
      setBusy(false);
    }
  };
  return { problem, conflict, busy, save, settle: () => setConflict(undefined) };
}

/** An undefined resourceVersion is left out of what is sent. */
function send(api: Api, name: string | undefined, draft: object): Promise<void> {
  if (name === undefined) return api.send("POST", "/machine-types", draft);
  return api.send("PUT", `/machine-types/${encodeURIComponent(name)}`, draft);
}

function isView(value: unknown): value is MachineTypeView {
  return typeof value === "object" && value !== null && "spec" in value;
}

function readDraft(draft: Draft) {
  try {
    return { spec: specOf(draft) };
  } catch (error) {
    const message = `This is not the JSON of an object: ${error instanceof Error ? error.message : error}`;
    return { error: [{ path: "rest", message }] };
  }
}

/** Forgets what was begun, and reads anew. */
function giveUp(name: string | undefined): void {
  keepDraft(name ?? "", undefined);
  goTo(list);
}

/** Errors that no input has a place for. */
function Unplaced({ errors }: { readonly errors: readonly { readonly path: string; readonly message: string }[] }) {
  const unplaced = errors.filter(({ path }) => !/^(rest$|name\b|metadata\.name|spec\.)/.test(path));
  if (unplaced.length === 0) return null;
  return (
    <Notice tone="bad">
      <ul class="plainlist">
        {unplaced.map(({ path, message }) => (
          <li key={path + message}>
            {path === "" ? "" : `${shown(path)}: `}
            {shown(message)}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function unique(errors: readonly { readonly path: string; readonly message: string }[]) {
  return [...new Map(errors.map((error) => [`${error.path}\n${error.message}`, error])).values()];
}
