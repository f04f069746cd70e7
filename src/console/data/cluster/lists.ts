import type { SpokenList } from "../../../lists/list.ts";
import type { Page } from "../../backend.ts";
import { listKey } from "../lists/view.ts";
import { pageOf, withNotes } from "../paging.ts";
import { refusedRight } from "../problems.ts";
import type { KeptList } from "./kinds.ts";
import type { Member } from "./member.ts";
import type { Watches } from "./watches.ts";

/** The manifest lists that a person may see, of both kinds. @throws ConsoleError 403 where they may see neither */
export async function listsPage(
  { run, lists, clusterLists }: Watches,
  member: Member,
  page: Page,
  signal: AbortSignal,
) {
  const [own, everybodys] = await Promise.all([
    lists.joinIfAllowed(member, signal),
    clusterLists.joinIfAllowed(member, signal),
  ]);
  if (own === undefined && everybodys === undefined) {
    throw refusedRight({ words: "see manifest lists", right: "list manifestlists.metahub.dev" });
  }
  const all = [...(own?.values() ?? []), ...(everybodys?.values() ?? [])].map(({ view }) => view);
  const sorted = all.sort((left, right) => (listKey(left) < listKey(right) ? -1 : 1));
  const version = `${run}-${lists.version}-${clusterLists.version}-${all.length}`;
  const notes = withNotes([
    ...(own === undefined ? [] : lists.notes),
    ...(everybodys === undefined ? [] : clusterLists.notes),
  ]);
  return { ...pageOf(sorted, listKey, page), version, ...notes };
}

/** The lists that speak for names, as far as the person may see them. */
export async function spokenLists(
  { lists, clusterLists }: Watches,
  member: Member,
  signal: AbortSignal,
): Promise<readonly SpokenList[]> {
  const stores = await Promise.all([lists, clusterLists].map((watch) => watch.joinIfAllowed(member, signal)));
  const kept: KeptList[] = stores.flatMap((store) => [...(store?.values() ?? [])]);
  return kept.flatMap(({ spoken }) => spoken ?? []);
}
