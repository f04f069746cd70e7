import type { MachineTypeView } from "../../../contract/machine-types.ts";
import { Loading, ProblemNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { keptDraft } from "../../state/drafts.ts";
import { useResource } from "../../state/resource.ts";
import { draftOf, emptyDraft } from "../../text/draft.ts";
import { MachineTypeForm } from "./form.tsx";

/** Adds a machine type, or changes the one of a name. */
export function EditPage({ name }: { readonly name: string | undefined }) {
  const kept = keptDraft(name ?? "");
  // What is being edited does not change below one's hands: somebody else's change is told when one saves.
  const needed = name !== undefined && kept === undefined;
  const { data, problem } = useResource<MachineTypeView>(
    needed ? `/machine-types/${encodeURIComponent(name)}` : undefined,
    [],
  );
  const begin =
    kept ??
    (name === undefined
      ? { draft: emptyDraft, base: undefined }
      : data === undefined
        ? undefined
        : {
            draft: draftOf(data.name, data.spec),
            base: { spec: data.spec, resourceVersion: data.resourceVersion },
          });
  return (
    <Page
      title={name === undefined ? "Add a machine type" : `Edit ${name}`}
      says="Nothing is saved before you say so. The preview follows what you fill in."
    >
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      {begin === undefined && problem === undefined ? <Loading what="the machine type" /> : null}
      {begin === undefined ? null : <MachineTypeForm name={name} begin={begin} restored={kept !== undefined} />}
    </Page>
  );
}
