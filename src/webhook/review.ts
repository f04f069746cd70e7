import type { Operation } from "fast-json-patch";
import { isRecord } from "../json/object.ts";
import { shorten } from "../text/shorten.ts";
import { AdmissionError } from "./error.ts";
import { exceeded } from "./size.ts";

/** The fields of an admission.k8s.io/v1 AdmissionRequest that the handlers read. `object` is unchecked JSON. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subResource?: string;
  readonly namespace: string;
  readonly name: string;
  readonly dryRun: boolean;
  readonly object: unknown;
  readonly oldObject: unknown;
}

/** An admission.k8s.io/v1 AdmissionReview with its response. */
export interface AdmissionReviewResponse {
  readonly apiVersion: "admission.k8s.io/v1";
  readonly kind: "AdmissionReview";
  readonly response: AdmissionResponse;
}

export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patchType?: "JSONPatch";
  /** Base64 of the JSON Patch. */
  readonly patch?: string;
  readonly warnings?: readonly string[];
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
}

/**
 * The API server cuts warnings at 256 characters where they add up to more than 4,096
 * (apiserver/pkg/endpoints/warning.go: truncateAtTotalRunes, truncateItemRunes): of 16 Warnings of 256 none is cut further.
 */
const warningLimit = 256;
const warningCount = 16;

/** Characters. A UUID has 36, a namespace 63, any name 253 (RFC 1123); what is longer no API server has sent. */
const longest = { uid: 64, namespace: 63, name: 253, word: 253 } as const;

/**
 * Values in a review, and those of one map or list. A Pod of a thousand containers with twenty variables each has 62,000;
 * a selector of more values than that in one map is not looked at either (rewriting/oversize.ts).
 */
const most = { values: 65_536, members: 16_384 } as const;
/** How the API server begins: encoding/json writes fields in the order of their declaration, kind and version before them. */
const beginning = /"request":\{"uid":"([^"\\]{1,64})"/;
const beginningLength = 512;

/**
 * Reads a review's bytes.
 * @throws AdmissionError REVIEW_INVALID with the place; REVIEW_TOO_LARGE with the uid, where more is in it than is parsed
 */
export function parseReview(body: Buffer): AdmissionRequest {
  const over = exceeded(body, most);
  if (over !== undefined) {
    const reason = over === "values" ? "values" : "members or elements in one of its maps or lists";
    const [, uid] = beginning.exec(body.toString("latin1", 0, beginningLength)) ?? [];
    throw new AdmissionError("REVIEW_TOO_LARGE", `the review has more than ${most[over]} ${reason}`, { uid });
  }
  let review: unknown;
  try {
    review = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new AdmissionError("REVIEW_INVALID", "the body is no JSON: an AdmissionReview was expected", { cause });
  }
  const { apiVersion, kind, request } = record(review, "the body");
  if (apiVersion !== "admission.k8s.io/v1" || kind !== "AdmissionReview") {
    throw new AdmissionError("REVIEW_INVALID", "expected apiVersion admission.k8s.io/v1 and kind AdmissionReview");
  }
  const fields = record(request, "request");
  const resource = record(fields["resource"], "request.resource");
  const subResource = text(fields["subResource"], "request.subResource", longest.word);
  return {
    uid: required(fields["uid"], "request.uid", longest.uid),
    operation: required(fields["operation"], "request.operation", longest.word),
    resource: {
      group: text(resource["group"], "request.resource.group", longest.word) ?? "",
      version: text(resource["version"], "request.resource.version", longest.word) ?? "",
      resource: required(resource["resource"], "request.resource.resource", longest.word),
    },
    ...(subResource === undefined || subResource === "" ? {} : { subResource }),
    namespace: text(fields["namespace"], "request.namespace", longest.namespace) ?? "",
    name: text(fields["name"], "request.name", longest.name) ?? "",
    dryRun: fields["dryRun"] === true,
    object: fields["object"] ?? undefined,
    oldObject: fields["oldObject"] ?? undefined,
  };
}

/** Lets the object pass as it is. */
export function allowed(uid: string, warnings: readonly string[] = []): AdmissionReviewResponse {
  return respond({ uid, allowed: true, ...warningField(warnings) });
}

/** Lets the object pass with a change. */
export function patched(
  uid: string,
  patch: readonly Operation[],
  warnings: readonly string[] = [],
): AdmissionReviewResponse {
  if (patch.length === 0) return allowed(uid, warnings);
  const encoded = Buffer.from(JSON.stringify(patch), "utf8").toString("base64");
  return respond({ uid, allowed: true, patchType: "JSONPatch", patch: encoded, ...warningField(warnings) });
}

/** Refuses the object with 403 Forbidden; without a code the API server would say 400. */
export function denied(uid: string, message: string, warnings: readonly string[] = []): AdmissionReviewResponse {
  const status = { code: 403, reason: "Forbidden", message };
  return respond({ uid, allowed: false, status, ...warningField(warnings) });
}

/** Refuses the object for now: 409 Conflict, after which clients and schedulers try again. */
export function conflict(uid: string, message: string): AdmissionReviewResponse {
  return respond({ uid, allowed: false, status: { code: 409, reason: "Conflict", message } });
}

function respond(response: AdmissionResponse): AdmissionReviewResponse {
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response };
}

function warningField(warnings: readonly string[]): { warnings?: readonly string[] } {
  if (warnings.length === 0) return {};
  return { warnings: [...new Set(warnings)].slice(0, warningCount).map(headerText) };
}

/** An HTTP Warning header carries no control characters, and what a user wrote may hold any. */
function headerText(warning: string): string {
  return shorten(warning.replace(/[\p{Cc}\p{Cf}]+/gu, " "), warningLimit);
}

function record(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw new AdmissionError("REVIEW_INVALID", `${place} is no object: an AdmissionReview was expected`);
}

function text(value: unknown, place: string, most: number): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new AdmissionError("REVIEW_INVALID", `${place} is no string`);
  if (value.length <= most) return value;
  throw new AdmissionError("REVIEW_INVALID", `${place} is longer than ${most} characters`);
}

function required(value: unknown, place: string, most: number): string {
  const found = text(value, place, most);
  if (found === undefined || found === "") throw new AdmissionError("REVIEW_INVALID", `${place} is missing`);
  return found;
}
