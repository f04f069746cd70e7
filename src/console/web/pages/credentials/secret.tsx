import type { MadeCredentialView } from "../../../contract/credentials.ts";
import { Button } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Time } from "../../parts/time.tsx";
import { shown, shownLines } from "../../text/shown.ts";

/** Words that lines have in place of what the console does not know, or does not write into files (data/credentials.ts). */
const placeholders = [
  ["SECRET", "the secret above: the file that it is written to should be readable by few."],
  ["REGISTRY", "the registry's address, which this console was not told."],
] as const;

/** The secret, once: neither the page nor the console has it after this is closed. */
export function SecretDialog({ made, onClose }: { readonly made: MadeCredentialView; readonly onClose: () => void }) {
  const { credential, secret, lines, formerEnds } = made;
  return (
    <Dialog wide keep title={`The secret of ${credential.id}`} onClose={onClose}>
      <Notice tone="warn">Copy it now: it is shown this once, and nobody can look it up later.</Notice>
      <dl class="secret">
        <div>
          <dt>User name</dt>
          <dd>
            <code>{shown(credential.username)}</code>
            <CopyButton bare text={credential.username} label="Copy the user name" />
          </dd>
        </div>
        <div>
          <dt>Secret</dt>
          <dd>
            <code>{secret}</code>
            <CopyButton bare text={secret} label="Copy the secret" />
          </dd>
        </div>
      </dl>
      {formerEnds === undefined ? null : (
        <p>
          The former secret ends <Time time={formerEnds} />.
        </p>
      )}
      {lines.length === 0 ? null : <h3>Ready lines</h3>}
      {lines.map(({ client, text }) => (
        <details key={client} class="lines">
          <summary>{shown(client)}</summary>
          <div class="codebox">
            <pre tabIndex={0} role="region" aria-label={`Lines for ${shown(client)}`}>
              {shownLines(text)}
            </pre>
            <CopyButton text={text} label={`Copy the lines for ${shown(client)}`} />
          </div>
          {placeholders
            .filter(([word]) => text.includes(word))
            .map(([word, meaning]) => (
              <p class="hint" key={word}>
                <code>{word}</code> stands for {meaning}
              </p>
            ))}
        </details>
      ))}
      <div class="actions end">
        <Button look="main" onClick={onClose}>
          I have kept it
        </Button>
      </div>
    </Dialog>
  );
}
