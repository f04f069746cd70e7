import type { ServerResponse } from "node:http";
import type { RegistryClient } from "../registry/client.ts";
import { type Asker, withCredentials } from "../registry/with-credentials.ts";
import type { Clock } from "../time/clock.ts";
import { notThere, privateHeaders } from "./answer.ts";
import type { Asked } from "./names.ts";
import { sendWhole } from "./pour.ts";
import type { Place } from "./upstreams.ts";

/** Keys and characters of the query of a listing, which is passed on. */
const mostKeys = 8;
const longestQuery = 2_048;

export interface AskedListing {
  readonly asked: Asked & { readonly kind: "tags" | "referrers" };
  readonly place: Place["reference"];
  readonly query: URLSearchParams;
  readonly asker: Asker;
  readonly clock: Clock;
}

/** One page of tags or referrers, as it is upstream, with a link to the next one here. @throws RegistryError; Refusal */
export async function sendListing(
  client: RegistryClient,
  { asked, place, query, asker, clock }: AskedListing,
  response: ServerResponse,
): Promise<void> {
  // A registry's next page may be named by any key of its own.
  const passed = new URLSearchParams([...query].filter(([key]) => key !== "ns"));
  if (passed.size > mostKeys || passed.toString().length > longestQuery) throw notThere("NAME_UNKNOWN");
  const page = await withCredentials(place, asker, async (access) =>
    asked.kind === "tags"
      ? { ...(await client.tags(place, passed, access)), type: "application/json", filtered: undefined }
      : {
          ...(await client.referrers(place, asked.digest, passed, access)),
          type: "application/vnd.oci.image.index.v1+json",
        },
  );
  const path = asked.kind === "tags" ? "tags/list" : `referrers/${asked.digest}`;
  response.writeHead(200, {
    ...privateHeaders,
    "content-type": page.type,
    "content-length": page.bytes.length,
    ...(page.next === undefined ? {} : { link: `</v2/${asked.repository}/${path}?${page.next}>; rel="next"` }),
    ...(page.filtered === undefined ? {} : { "oci-filters-applied": "artifactType" }),
  });
  await sendWhole(response, response.req.method === "HEAD" ? undefined : page.bytes, clock);
}
