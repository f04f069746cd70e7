import { expect, test } from "vitest";
import { allowed, denied, parseReview, patched } from "./review.ts";

const review = {
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "u",
    operation: "CREATE",
    resource: { group: "", version: "v1", resource: "pods" },
    namespace: "default",
    object: { kind: "Pod" },
    oldObject: null,
  },
};
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test("reads what the API server sends", () => {
  expect(parseReview(bytes(review))).toEqual({
    uid: "u",
    operation: "CREATE",
    resource: { group: "", version: "v1", resource: "pods" },
    namespace: "default",
    name: "",
    dryRun: false,
    object: { kind: "Pod" },
    oldObject: undefined,
  });
});

test.each([
  ["no JSON", Buffer.from("{"), /no JSON/],
  ["nothing", Buffer.alloc(0), /no JSON/],
  ["null", bytes(null), /the body/],
  ["another version", bytes({ ...review, apiVersion: "admission.k8s.io/v1beta1" }), /admission.k8s.io\/v1/],
  ["another kind", bytes({ ...review, kind: "Pod" }), /AdmissionReview/],
  ["no request", bytes({ ...review, request: undefined }), /request/],
  ["no uid", bytes({ ...review, request: { ...review.request, uid: "" } }), /request.uid is missing/],
  [
    "a number for a name",
    bytes({ ...review, request: { ...review.request, namespace: 1 } }),
    /request.namespace is no string/,
  ],
  ["a list for the resource", bytes({ ...review, request: { ...review.request, resource: [] } }), /request.resource/],
])("refuses %s and says what is wrong", (_name, body, message) => {
  expect(() => parseReview(body)).toThrow(message);
});

test.each([
  ["uid", 64],
  ["namespace", 63],
  ["name", 253],
  ["operation", 253],
  ["subResource", 253],
])("request.%s has %i characters at most", (field, most) => {
  const of = (length: number) => bytes({ ...review, request: { ...review.request, [field]: "x".repeat(length) } });
  expect(parseReview(of(most))).toMatchObject({ [field]: "x".repeat(most) });
  expect(() => parseReview(of(most + 1))).toThrow(`request.${field} is longer than ${most} characters`);
});

test.each([
  ["values", 65_536, 8, 8_000, 8_300],
  ["members or elements in one of its maps or lists", 16_384, 1, 16_000, 16_500],
])(
  "more %s than any Pod has are refused before they are made, and the uid is told",
  (what, bound, lists, few, many) => {
    const of = (count: number) => {
      const object = Array.from({ length: lists }, () => new Array(count).fill(0));
      return bytes({ ...review, request: { ...review.request, object } });
    };
    expect(parseReview(of(few))).toMatchObject({ uid: "u" });
    expect(() => parseReview(of(many))).toThrow(
      expect.objectContaining({
        code: "REVIEW_TOO_LARGE",
        uid: "u",
        message: `the review has more than ${bound} ${what}`,
      }),
    );
  },
);

test("a text of 6 MiB costs no more than what JSON.parse takes", () => {
  const body = bytes({ ...review, request: { ...review.request, object: "x".repeat(6 * 1_048_576) } });
  const time = (work: () => void): number => {
    const { user } = process.cpuUsage();
    work();
    return process.cpuUsage().user - user;
  };
  // In turns, so that both meet the same neighbours on the machine; the least of each is what it takes.
  const least = { parsing: Number.POSITIVE_INFINITY, reading: Number.POSITIVE_INFINITY };
  for (let turn = 0; turn < 25; turn += 1) {
    least.parsing = Math.min(
      least.parsing,
      time(() => JSON.parse(body.toString("utf8"))),
    );
    least.reading = Math.min(
      least.reading,
      time(() => parseReview(body)),
    );
  }
  // Looked at byte by byte it is five times as much and more.
  expect((least.reading + 1_000) / (least.parsing + 1_000)).toBeLessThan(4);
});

test("a patch is base64 of the JSON Patch; an empty one is none", () => {
  const { response } = patched("u", [{ op: "add", path: "/a", value: 1 }]);
  expect(response.patchType).toBe("JSONPatch");
  expect(JSON.parse(Buffer.from(response.patch ?? "", "base64").toString())).toEqual([
    { op: "add", path: "/a", value: 1 },
  ]);
  expect(patched("u", []).response).toEqual({ uid: "u", allowed: true });
});

test("a refusal has a code, a reason and a message", () => {
  expect(denied("u", "no").response).toEqual({
    uid: "u",
    allowed: false,
    status: { code: 403, reason: "Forbidden", message: "no" },
  });
});

test("warnings are single, one line each, and within what the API server passes on", () => {
  const warnings =
    allowed("u", [
      "a\r\nWarning: b\u202e",
      "a",
      "a",
      "x".repeat(1000),
      ...Array.from({ length: 50 }, (_, index) => String(index)),
    ]).response.warnings ?? [];
  expect(warnings[0]).toBe("a Warning: b ");
  expect(warnings[1]).toBe("a");
  expect(warnings[2]?.length).toBe(256);
  expect(warnings.length).toBe(16);
});
