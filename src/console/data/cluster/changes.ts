import { isKubernetesError } from "../../../kubernetes/error.ts";
import { Backoff } from "../../../time/backoff.ts";
import { pause, unlessAborted } from "../../../time/clock.ts";
import type { Change } from "../../contract/views.ts";
import type { Member } from "./member.ts";
import { reviewMs } from "./reviews.ts";
import type { SharedWatch, WatchNews } from "./shared-watch.ts";
import type { Watches } from "./watches.ts";

type Kind = Extract<Change, { event: "changed" }>["kind"];
type AnyWatch = Pick<SharedWatch<object>, "joinIfAllowed" | "listen">;

/** Names in one message; the contract's bound. More are told as none, which means all. */
const mostNames = 100;
/** Between a refusal by a watch and the next try, ms. */
const refusedBounds = { minMs: 500, baseMs: 2_000, maxMs: reviewMs };
const lostDetail = "The API server does not answer now; what you see is as it was before.";

/**
 * Tells one member of changes of all that they may watch, until the signal aborts or they sign out. Whoever is refused is
 * asked for again: a right may come back, and an API server that has just started refuses people until it has read its
 * roles.
 */
export async function tellChanges(
  watches: Watches,
  member: Member,
  tell: (change: Change) => void,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, member.signedOut, failed.signal]);
  const following = { clock: watches.clock, member, told: new Outages(tell), ended };
  const follows = kindsOf(watches).map(([kind, watch]) =>
    follow(kind, watch, following).catch((error: unknown) => failed.abort(error)),
  );
  await Promise.all(follows);
  failed.signal.throwIfAborted();
}

interface Following {
  readonly clock: Watches["clock"];
  readonly member: Member;
  readonly told: Outages;
  readonly ended: AbortSignal;
}

/** Listens to one watch for as long as the member may, and tries again where they may not. */
async function follow(kind: Kind, watch: AnyWatch, following: Following): Promise<void> {
  const { clock, member, told, ended } = following;
  const backoff = new Backoff(refusedBounds, Math.random);
  try {
    for (let again = false; !ended.aborted; again = true) {
      if (!(await mayListen(watch, member, ended))) {
        await pause(clock, reviewMs, ended);
        continue;
      }
      ended.throwIfAborted();
      if (again) told.all(kind);
      const began = clock.now();
      await untilRefused(kind, watch, following);
      if (clock.now() - began >= reviewMs) backoff.reset();
      await pause(clock, backoff.next(), ended);
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  }
}

/** Resolves where the member is refused; rejects with the signal's reason. */
async function untilRefused(kind: Kind, watch: AnyWatch, { member, told, ended }: Following): Promise<void> {
  const refused = Promise.withResolvers<void>();
  const leave = watch.listen(member, (news) => {
    told.take(kind, watch, news);
    if (news.type === "refused") refused.resolve();
  });
  try {
    await unlessAborted(refused.promise, ended, "following changes");
  } finally {
    leave();
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
        this.all(kind);
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

  /** Anything of this kind may have changed. */
  all(kind: Kind): void {
    this.#tell({ event: "changed", kind, names: [] });
  }

  #back(watch: AnyWatch): void {
    if (this.#lost.delete(watch) && this.#lost.size === 0) this.#tell({ event: "back" });
  }
}
