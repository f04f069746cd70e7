import { useState } from "preact/hooks";
import type { CredentialView, MadeCredentialView } from "../../../contract/credentials.ts";
import type { MachineTypeView } from "../../../contract/machine-types.ts";
import { Button, ButtonLink } from "../../parts/button.tsx";
import { Badge, Empty, Loading, Notice, ProblemNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Time } from "../../parts/time.tsx";
import { useConsole } from "../../state/console.ts";
import { useResource } from "../../state/resource.ts";
import { linkTo } from "../../state/route.ts";
import { shown } from "../../text/shown.ts";
import { type Barred, barredFromCredentials } from "../machine-types/rights.ts";
import { RevokeDialog, RotateDialog } from "./changes.tsx";
import { NewDialog } from "./new.tsx";
import { SecretDialog } from "./secret.tsx";

type Open =
  | { readonly what: "new" }
  | { readonly what: "rotate" | "revoke"; readonly credential: CredentialView }
  | { readonly what: "made"; readonly made: MadeCredentialView };

const goneId = "no-such-type";

export function CredentialsPage({ machineType }: { readonly machineType: string }) {
  const { session } = useConsole();
  const path = `/machine-types/${encodeURIComponent(machineType)}/credentials`;
  const { data, problem, reload } = useResource<{ readonly items: readonly CredentialView[] }>(path, ["credentials"]);
  const type = useResource<MachineTypeView>(`/machine-types/${encodeURIComponent(machineType)}`, ["machine-types"]);
  const [open, setOpen] = useState<Open>();
  const barred = barredFromCredentials(session);
  const isGone = type.problem?.status === 404;
  const close = (): void => setOpen(undefined);
  const made = (made: MadeCredentialView): void => {
    setOpen({ what: "made", made });
    reload();
  };
  return (
    <Page
      title={`Credentials of ${machineType}`}
      says="Who signs in to the registry with one of these gets the builds for this machine type."
      actions={
        <>
          <ButtonLink href={linkTo(["machine-types"])}>Back</ButtonLink>
          <Button
            icon="add"
            look="main"
            barredBy={isGone ? goneId : barred.may("create") ? undefined : barred.id}
            onClick={() => setOpen({ what: "new" })}
          >
            New credential
          </Button>
        </>
      }
    >
      {barred.sentence === undefined ? null : (
        <Notice tone="plain" id={barred.id}>
          {barred.sentence}
        </Notice>
      )}
      {isGone ? (
        <Notice tone="warn" id={goneId}>
          There is no machine type {shown(machineType)}: nobody can get a credential of it.
        </Notice>
      ) : null}
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      {data === undefined && problem === undefined ? <Loading what="credentials" /> : null}
      {data?.items.length === 0 && !isGone ? (
        <Empty title="No credential yet">
          Make one for each machine or person that pulls as {shown(machineType)}. Its secret is shown once.
        </Empty>
      ) : null}
      {data === undefined || data.items.length === 0 ? null : (
        <Table items={data.items} barred={barred} onOpen={(what, credential) => setOpen({ what, credential })} />
      )}
      <Dialogs {...{ path, open, close, made, reload }} />
    </Page>
  );
}

interface DialogsProps {
  readonly path: string;
  readonly open: Open | undefined;
  readonly close: () => void;
  readonly made: (made: MadeCredentialView) => void;
  readonly reload: () => void;
}

function Dialogs({ path, open, close, made, reload }: DialogsProps) {
  switch (open?.what) {
    case "new":
      return <NewDialog path={path} onClose={close} onMade={made} />;
    case "rotate":
      return <RotateDialog path={path} credential={open.credential} onClose={close} onMade={made} />;
    case "revoke": {
      const revoked = (): void => {
        close();
        reload();
      };
      return <RevokeDialog path={path} credential={open.credential} onClose={close} onRevoked={revoked} />;
    }
    case "made":
      return <SecretDialog made={open.made} onClose={close} />;
    default:
      return null;
  }
}

interface TableProps {
  readonly items: readonly CredentialView[];
  readonly barred: Barred;
  readonly onOpen: (what: "rotate" | "revoke", credential: CredentialView) => void;
}

function Table({ items, barred, onOpen }: TableProps) {
  return (
    <div class="tablebox">
      <table class="reflow fixed">
        <caption class="unseen">Credentials, without their secrets</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">User name</th>
            <th scope="col" class="short">
              State
            </th>
            <th scope="col" class="short">
              Expires
            </th>
            <th scope="col" class="short">
              Last use
            </th>
            <th scope="col">Repositories</th>
            <th scope="col" class="acts">
              <span class="unseen">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((credential) => (
            <Row key={credential.id} credential={credential} barred={barred} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const tones = { active: "good", expired: "warn", revoked: "plain", ignored: "bad" } as const;

function Row({ credential, barred, onOpen }: Omit<TableProps, "items"> & { readonly credential: CredentialView }) {
  const { id, username, state, expires, lastUsed, revoked, repositories = [] } = credential;
  const barredBy = barred.may("update") ? undefined : barred.id;
  return (
    <tr>
      <th scope="row" data-label="Name">
        <span class="clamped" title={id}>
          <bdi>{shown(id)}</bdi>
        </span>
      </th>
      <td data-label="User name">
        <span class="clamped" title={username}>
          <bdi>{shown(username)}</bdi>
        </span>
      </td>
      <td data-label="State">
        <span>
          <Badge tone={tones[state]}>{state}</Badge>
          {revoked === undefined ? null : (
            <span class="words">
              <Time time={revoked} />
            </span>
          )}
        </span>
      </td>
      <td data-label="Expires">{expires === undefined ? <span class="muted">never</span> : <Time time={expires} />}</td>
      <td data-label="Last use">
        {lastUsed === undefined ? <span class="muted">not known</span> : <Time time={lastUsed} />}
      </td>
      <td data-label="Repositories">
        {repositories.length === 0 ? (
          <span class="muted">all</span>
        ) : (
          <span class="clamped" title={repositories.join(", ")}>
            <bdi>{shown(repositories.join(", "))}</bdi>
          </span>
        )}
      </td>
      <td class="rowactions">
        {state === "active" || state === "expired" ? (
          <>
            <Button
              look="quiet"
              label={`Rotate ${shown(id)}`}
              barredBy={barredBy}
              onClick={() => onOpen("rotate", credential)}
            >
              Rotate
            </Button>
            <Button
              look="quiet"
              label={`Revoke ${shown(id)}`}
              barredBy={barredBy}
              onClick={() => onOpen("revoke", credential)}
            >
              Revoke
            </Button>
          </>
        ) : null}
      </td>
    </tr>
  );
}
