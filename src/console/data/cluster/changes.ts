import { isKubernetesError } from "../../../kubernetes/error.ts";
import { Backoff } from "../../../time/backoff.ts";
import { pause, unlessAborted } from "../../../time/clock.ts";
import type { Change } from "../../contract/views.ts";
import type { Member } from "./member.ts";
import { reviewMs } from "./reviews.ts";
import { type AnyWatch, type Source, Teller } from "./teller.ts";
import type { Watches } from "./watches.ts";

/** Between a refusal by a watch and the next try, ms. */
const refusedBounds = { minMs: 500, baseMs: 2_000, maxMs: reviewMs };

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
  const told = new Teller(tell, watches.clock);
  const following = { clock: watches.clock, member, told, ended };
  const follows = sourcesOf(watches).map(([source, watch]) =>
    follow(source, watch, following).catch((error: unknown) => failed.abort(error)),
  );
  await Promise.all(follows);
  told.end();
  failed.signal.throwIfAborted();
}

interface Following {
  readonly clock: Watches["clock"];
  readonly member: Member;
  readonly told: Teller;
  readonly ended: AbortSignal;
}

/** Listens to one watch for as long as the member may, and tries again where they may not. */
async function follow(source: Source, watch: AnyWatch, following: Following): Promise<void> {
  const { clock, member, told, ended } = following;
  const backoff = new Backoff(refusedBounds, Math.random);
  try {
    for (let again = false; !ended.aborted; again = true) {
      if (!(await mayListen(watch, member, ended))) {
        await pause(clock, reviewMs, ended);
        continue;
      }
      ended.throwIfAborted();
      if (again) told.all(source);
      const began = clock.now();
      await untilRefused(source, watch, following);
      if (clock.now() - began >= reviewMs) backoff.reset();
      await pause(clock, backoff.next(), ended);
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  }
}

/** Resolves where the member is refused; rejects with the signal's reason. */
async function untilRefused(source: Source, watch: AnyWatch, { member, told, ended }: Following): Promise<void> {
  const refused = Promise.withResolvers<void>();
  const leave = watch.listen(member, (news) => {
    told.take(source, watch, news);
    if (news.type === "refused") refused.resolve();
  });
  try {
    await unlessAborted(refused.promise, ended, "following changes");
  } finally {
    leave();
  }
}

function sourcesOf(watches: Watches): readonly (readonly [Source, AnyWatch])[] {
  const { machineTypes, nodes, pods, namespaces, lists, clusterLists, credentials } = watches;
  return [
    ["machine-types", machineTypes],
    ["nodes", nodes],
    ["selections", pods],
    ["namespaces", namespaces],
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
