import { ApiError } from "../../api/error.ts";
import { IdentityError } from "../../identity/error.ts";
import { InventoryError } from "../../inventory/error.ts";
import { isKubernetesError, type KubernetesError, type StatusCause } from "../../kubernetes/error.ts";
import { ManifestError } from "../../manifests/error.ts";
import { shorten } from "../../text/shorten.ts";
import type { Problem } from "../contract/parts.ts";
import { ConsoleError } from "../error.ts";

/** Characters of a text that an API server wrote, which may repeat what strangers did. */
const mostDetail = 600;
const mostFields = 50;

/** A thing that was tried, in words and as RBAC names it. */
export interface Deed {
  /** `change machine types`. */
  readonly words: string;
  /** `update machinetypes.metahub.dev`. */
  readonly right: string;
  /** With `right`, where it is missing in one namespace alone: `in namespace hpc`. */
  readonly where?: string;
}

export function refusedRight({ words, right, where }: Deed): ConsoleError {
  const place = where === undefined ? "" : ` ${where}`;
  return new ConsoleError({
    status: 403,
    title: "You may not do this",
    detail: `You may not ${words}${place}. Whoever keeps this cluster can give you the right to ${right}${place}.`,
    missing: right,
  });
}

export function notFound(what: string): ConsoleError {
  return new ConsoleError({ status: 404, title: "Not found", detail: `There is no ${what}.` });
}

/** 409, with the object as it is now. */
export function conflict(detail: string, current: unknown): ConsoleError {
  return new ConsoleError({
    status: 409,
    title: "Somebody else changed it",
    detail,
    ...(current === undefined ? {} : { current }),
  });
}

export function invalid(detail: string, fields: NonNullable<Problem["fields"]> = []): ConsoleError {
  const own = fields.slice(0, mostFields);
  return new ConsoleError({
    status: 422,
    title: "This cannot be saved",
    detail: shorten(detail, mostDetail),
    ...(own.length === 0 ? {} : { fields: own }),
  });
}

/** A mistake that our own parser found, at its field. */
export function invalidField({ path, message }: ApiError): ConsoleError {
  const alone = path !== "" && message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
  return invalid(message, path === "" ? [] : [{ path: inRequest(path), message: shorten(alone, mostDetail) }]);
}

/** A draft has a name where an object has metadata. */
function inRequest(path: string): string {
  return path === "metadata.name" ? "name" : path;
}

/**
 * The problem that a person is shown for what was thrown. An error that is none of those passes through: the signal's own reason,
 * and mistakes of ours.
 */
export function problemOf(error: unknown, deed: Deed, signal: AbortSignal): unknown {
  if (error instanceof ConsoleError) return error;
  if (signal.aborted) return signal.reason;
  if (isKubernetesError(error)) return problemOfCluster(error, deed);
  if (error instanceof ApiError) return invalidField(error);
  if (error instanceof IdentityError) return problemOfCredentials(error);
  if (error instanceof ManifestError || error instanceof InventoryError) return unusable(error);
  return error;
}

/** Does it, and throws the problem where it fails. */
export async function asProblem<T>(deed: Deed, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    throw problemOf(error, deed, signal);
  }
}

function problemOfCluster(error: KubernetesError, deed: Deed): ConsoleError {
  const cause = { cause: error };
  switch (error.code) {
    case "UNAUTHORIZED":
      return new ConsoleError(
        { status: 401, title: "Sign in again", detail: "The API server does not take your token any more." },
        cause,
      );
    case "FORBIDDEN":
      return refusedRight({ ...deed, ...refusedIn(error.message) });
    case "NOT_FOUND":
      return new ConsoleError(
        {
          status: 404,
          title: "Not found",
          detail: "It is not there any more, or this cluster does not have MetaHub's resources.",
        },
        cause,
      );
    case "ALREADY_EXISTS":
    case "CONFLICT":
      return conflict("It was changed meanwhile. Compare both, and save again.", undefined);
    case "INVALID":
      return invalid(serverText(error), fieldsOf(error));
    case "TOO_LARGE":
      return new ConsoleError(
        { status: 413, title: "Too large", detail: "It is larger than the API server or this console takes." },
        cause,
      );
    case "TOO_MANY_REQUESTS":
      return new ConsoleError(
        { status: 429, title: "Too many requests", detail: "The API server asks to wait a moment." },
        cause,
      );
    default:
      return new ConsoleError(
        {
          status: 503,
          title: "The API server does not answer",
          detail: "Nothing was lost, and it is asked again. Try again in a moment.",
        },
        cause,
      );
  }
}

/** RBAC's own words: a deed may need more than one right, and this one is missing. */
const refusal =
  /cannot ([a-z]+) resource "([a-z./-]{1,100})" in API group "([a-z0-9.-]{0,100})"(?:.* in the namespace "([a-z0-9-]{1,63})")?/;

function refusedIn(message: string): Partial<Deed> {
  const [, verb, plural, group, namespace] = refusal.exec(message) ?? [];
  if (verb === undefined || plural === undefined) return {};
  const right = `${verb} ${group === undefined || group === "" ? plural : `${plural}.${group}`}`;
  return { right, ...(namespace === undefined ? {} : { where: `in namespace ${namespace}` }) };
}

function problemOfCredentials(error: IdentityError): ConsoleError {
  const { code, message } = error;
  const cause = { cause: error };
  if (code === "NOT_FOUND")
    return new ConsoleError({ status: 404, title: "Not found", detail: shorten(message, mostDetail) }, cause);
  if (code === "DUPLICATE" || code === "NOT_ACTIVE" || code === "TOO_MANY" || code === "UNWRITABLE") {
    return new ConsoleError(
      { status: 409, title: "This cannot be done now", detail: shorten(message, mostDetail) },
      cause,
    );
  }
  return unusable(error);
}

function unusable(error: Error): ConsoleError {
  return new ConsoleError(
    { status: 503, title: "The folder cannot be used", detail: shorten(error.message, mostDetail) },
    { cause: error },
  );
}

/** The API server's own sentence, without the request that we put before it. */
function serverText({ message }: KubernetesError): string {
  return message.replace(/^[A-Z]+ \/\S*: /, "").replace(/ \(status \d{3}\)$/, "");
}

/** `strict decoding error: unknown field "spec.foo"` names fields in its text alone. */
const strayField = /(unknown|duplicate) field "([^"]{1,300})"/g;

function fieldsOf(error: KubernetesError): NonNullable<Problem["fields"]> {
  const told = error.causes.flatMap(fieldOf);
  if (told.length > 0) return told;
  return [...serverText(error).matchAll(strayField)].map(([, what, path = ""]) => ({
    path,
    message: what === "unknown" ? "there is no such field" : "stands twice",
  }));
}

function fieldOf({ field, message }: StatusCause): NonNullable<Problem["fields"]> {
  if (field === undefined || message === undefined) return [];
  return [{ path: field === "<nil>" ? "" : inRequest(field), message: shorten(message, mostDetail) }];
}
