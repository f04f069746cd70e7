import { shortenToBytes } from "../../text/shorten.ts";
import { microTime } from "../election/lease.ts";
import { resource } from "../resource.ts";

/**
 * events.k8s.io/v1 and not core/v1: the same objects (kubectl shows both alike), but with the fields that the API
 * asks for today (action, reportingController, series), and RBAC for it does not open the core group.
 */
export const events = resource({ group: "events.k8s.io", version: "v1", plural: "events", namespaced: true });

/** core/v1 ObjectReference: what an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly fieldPath?: string | undefined;
}

export interface EventFacts {
  readonly regarding: EventSubject;
  readonly related?: EventSubject | undefined;
  readonly type: "Normal" | "Warning";
  /** CamelCase, why it happened; for machines. */
  readonly reason: string;
  /** CamelCase, what was done or tried. */
  readonly action: string;
  /** For people; cut at 1 kB. */
  readonly note: string;
}

/** One Event in the API server and how often it happened. */
export interface Occurrence {
  readonly facts: EventFacts;
  readonly name: string;
  readonly firstAt: Date;
  lastAt: Date;
  count: number;
  /** The count that the API server knows; 0 before it is created. */
  sentCount: number;
  queued: boolean;
}

/** Limits of events.k8s.io/v1 (pkg/apis/core/validation/events.go). */
const maxNoteBytes = 1_024;
const maxWord = 128;
/** Room in 253 characters for the random end. */
const maxName = 230;

/** The same facts again raise a count instead of making another Event. */
export function factsKey({ regarding, related, type, reason, action, note }: EventFacts): string {
  const { apiVersion, kind, namespace, name, uid, fieldPath } = regarding;
  return JSON.stringify([
    apiVersion,
    kind,
    namespace,
    name,
    uid,
    fieldPath,
    related?.uid,
    related?.name,
    type,
    reason,
    action,
    note,
  ]);
}

/** Events of cluster-scoped objects live in `default`; the API server refuses any other place. */
export function eventNamespace({ regarding }: EventFacts): string {
  return regarding.namespace ?? "default";
}

export function eventName({ regarding }: EventFacts, unique: string): string {
  return `${regarding.name.slice(0, maxName).replace(/[^a-z0-9]+$/, "")}.${unique}`;
}

export function eventObject(occurrence: Occurrence, controller: string, instance: string): object {
  const { facts, name, firstAt } = occurrence;
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name, namespace: eventNamespace(facts) },
    eventTime: microTime(firstAt),
    reportingController: controller,
    reportingInstance: shortenToBytes(instance, maxWord),
    regarding: facts.regarding,
    related: facts.related,
    type: facts.type,
    reason: shortenToBytes(facts.reason, maxWord),
    action: shortenToBytes(facts.action, maxWord),
    note: shortenToBytes(facts.note, maxNoteBytes),
    ...eventSeries(occurrence),
  };
}

/** The API server takes a series from two on. */
export function eventSeries({ count, lastAt }: Occurrence): { readonly series?: object } {
  return count < 2 ? {} : { series: { count, lastObservedTime: microTime(lastAt) } };
}
