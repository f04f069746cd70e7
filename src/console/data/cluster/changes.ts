import { isKubernetesError } from "../../../kubernetes/error.ts";
import { aborted } from "../../../time/aborted.ts";
import type { Change } from "../../contract/views.ts";
import type { Member } from "./member.ts";
import type { SharedWatch, WatchNews } from "./shared-watch.ts";
import type { Watches } from "./watches.ts";

type Kind = Extract<Change, { event: "changed" }>["kind"];
type AnyWatch = Pick<SharedWatch<object>, "joinIfAllowed" | "listen">;

/** Names in one message; the contract's bound. More are told as none, which means all. */
const mostNames = 100;
const lostDetail = "The API server does not answer now; what you see is as it was before.";

/** Tells one member of changes of all that they may watch, until the signal aborts or they sign out. */
export async function tellChanges(
  watches: Watches,
  member: Member,
  tell: (change: Change) => void,
  signal: AbortSignal,
): Promise<void> {
  const ended = AbortSignal.any([signal, member.signedOut]);
  const told = new Outages(tell);
  const leaves: (() => void)[] = [];
  try {
    await Promise.all(
      kindsOf(watches).map(async ([kind, watch]) => {
        if (!(await mayListen(watch, member, ended)) || ended.aborted) return;
        const leave = watch.listen(member, (news) => told.take(kind, watch, news));
        leaves.push(leave);
      }),
    );
    await aborted(ended);
  } catch (error) {
    if (!ended.aborted) throw error;
  } finally {
    for (const leave of leaves) leave();
  }
}

function kindsOf(watches: Watches): readonly (readonly [Kind, AnyWatch])[] {
  const { machineTypes, nodes, pods, lists, clusterLists, credentials } = watches;
  return [
    ["machine-types", machineTypes],
    ["nodes", nodes],
    ["selections", pods],
    ["manifest-lists", lists],
    ["manifest-lists", clusterLists],
    ...(credentials === undefined ? [] : [["credentials", credentials] as const]),
  ];
}

/** An API server that is away when somebody begins to listen is waited for: the watch tells when it is back. */
async function mayListen(watch: AnyWatch, member: Member, signal: AbortSignal): Promise<boolean> {
  try {
    return (await watch.joinIfAllowed(member, signal)) !== undefined;
  } catch (error) {
    if (isKubernetesError(error) && error.temporary) return true;
    throw error;
  }
}

/** Several watches are lost together, and a person is told once; and that they are back once all of them are. */
class Outages {
  readonly #tell: (change: Change) => void;
  readonly #lost = new Set<AnyWatch>();

  constructor(tell: (change: Change) => void) {
    this.#tell = tell;
  }

  take(kind: Kind, watch: AnyWatch, news: WatchNews): void {
    switch (news.type) {
      case "changed":
        this.#tell({ event: "changed", kind, names: news.keys.length > mostNames ? [] : [...news.keys] });
        break;
      case "refused":
        // The page asks again, and is told in the answer what is missing.
        this.#back(watch);
        this.#tell({ event: "changed", kind, names: [] });
        break;
      case "lost":
        if (this.#lost.size === 0) this.#tell({ event: "lost", detail: lostDetail });
        this.#lost.add(watch);
        break;
      case "back":
        this.#back(watch);
        break;
    }
  }

  #back(watch: AnyWatch): void {
    if (this.#lost.delete(watch) && this.#lost.size === 0) this.#tell({ event: "back" });
  }
}
