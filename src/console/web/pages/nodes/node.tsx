import type { NodeView } from "../../../contract/views.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Notice } from "../../parts/notice.tsx";
import { shown } from "../../text/shown.ts";

/** Where each feature of a node is known from. */
export function NodeDialog({ node, onClose }: { readonly node: NodeView; readonly onClose: () => void }) {
  const { name, machineType, profile, platform, features, notBelieved } = node;
  return (
    <Dialog wide title={name} onClose={onClose}>
      <dl class="pairs">
        <div>
          <dt>Machine type</dt>
          <dd>{machineType === null ? "none" : <bdi>{shown(machineType)}</bdi>}</dd>
        </div>
        <div>
          <dt>Profile</dt>
          <dd>
            <code>{shown(profile)}</code>
          </dd>
        </div>
        <div>
          <dt>Platform</dt>
          <dd>{shown(platform)}</dd>
        </div>
      </dl>
      {notBelieved.length === 0 ? null : (
        <Notice tone="warn">
          <ul class="plainlist">
            {notBelieved.map((line) => (
              <li key={line}>{shown(line)}</li>
            ))}
          </ul>
        </Notice>
      )}
      {features.length === 0 ? (
        <p>Nothing is known of it: neither its machine type nor its labels say what it offers.</p>
      ) : (
        <div class="tablebox scrolls" role="region" aria-label="Features" tabIndex={0}>
          <table class="reflow">
            <thead>
              <tr>
                <th scope="col">Feature</th>
                <th scope="col">Known from</th>
              </tr>
            </thead>
            <tbody>
              {features.map(({ feature, from }) => (
                <tr key={feature}>
                  <th scope="row" data-label="Feature">
                    <bdi>{shown(feature)}</bdi>
                  </th>
                  <td data-label="Known from">
                    {from === "declared" ? "declared in its machine type" : <code>{shown(from)}</code>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div class="actions end">
        <Button look="main" onClick={onClose}>
          Close
        </Button>
      </div>
    </Dialog>
  );
}
