import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OciError } from "./error.ts";
import {
  effectiveTag,
  familiar,
  formatReference,
  normalForm,
  parseReference,
  withDigest,
  withTagAndDigest,
} from "./reference.ts";

const hex = "0123456789abcdef".repeat(4);
const someDigest = `sha256:${hex}`;
const other = `sha256:${"f".repeat(64)}`;

describe("a reference is read as Docker reads it", () => {
  test.each([
    // written, registry, repository, tag, digest, familiar, normal form
    ["nginx", "docker.io", "library/nginx", undefined, undefined, "nginx", "docker.io/library/nginx:latest"],
    ["nginx:1.27", "docker.io", "library/nginx", "1.27", undefined, "nginx:1.27", "docker.io/library/nginx:1.27"],
    ["qnib/bench", "docker.io", "qnib/bench", undefined, undefined, "qnib/bench", "docker.io/qnib/bench:latest"],
    ["docker.io/nginx", "docker.io", "library/nginx", undefined, undefined, "nginx", "docker.io/library/nginx:latest"],
    ["index.docker.io/a/b", "docker.io", "a/b", undefined, undefined, "a/b", "docker.io/a/b:latest"],
    ["index.docker.io/a", "docker.io", "library/a", undefined, undefined, "a", "docker.io/library/a:latest"],
    [
      `nginx@${someDigest}`,
      "docker.io",
      "library/nginx",
      undefined,
      someDigest,
      `nginx@${someDigest}`,
      `docker.io/library/nginx@${someDigest}`,
    ],
    [
      `a/b:v1@${someDigest}`,
      "docker.io",
      "a/b",
      "v1",
      someDigest,
      `a/b:v1@${someDigest}`,
      `docker.io/a/b@${someDigest}`,
    ],
    ["ghcr.io/o/a/b/c:x", "ghcr.io", "o/a/b/c", "x", undefined, "ghcr.io/o/a/b/c:x", "ghcr.io/o/a/b/c:x"],
    ["ghcr.io/a", "ghcr.io", "a", undefined, undefined, "ghcr.io/a", "ghcr.io/a:latest"],
    ["localhost/a", "localhost", "a", undefined, undefined, "localhost/a", "localhost/a:latest"],
    ["localhost:5000/a:v2", "localhost:5000", "a", "v2", undefined, "localhost:5000/a:v2", "localhost:5000/a:v2"],
    // No slash: a repository called localhost with the tag 5000.
    [
      "localhost:5000",
      "docker.io",
      "library/localhost",
      "5000",
      undefined,
      "localhost:5000",
      "docker.io/library/localhost:5000",
    ],
    ["[::1]:5000/a", "[::1]:5000", "a", undefined, undefined, "[::1]:5000/a", "[::1]:5000/a:latest"],
    ["[fd00:1::2]/a/b:t", "[fd00:1::2]", "a/b", "t", undefined, "[fd00:1::2]/a/b:t", "[fd00:1::2]/a/b:t"],
    ["10.0.0.1:80/x", "10.0.0.1:80", "x", undefined, undefined, "10.0.0.1:80/x", "10.0.0.1:80/x:latest"],
    // Upper case before the first slash can only be a host.
    ["Registry/a", "Registry", "a", undefined, undefined, "Registry/a", "Registry/a:latest"],
    [
      "a/b__c.d-e--f:T_a-g.1",
      "docker.io",
      "a/b__c.d-e--f",
      "T_a-g.1",
      undefined,
      "a/b__c.d-e--f:T_a-g.1",
      "docker.io/a/b__c.d-e--f:T_a-g.1",
    ],
    [
      "docker.io/library/a/b",
      "docker.io",
      "library/a/b",
      undefined,
      undefined,
      "library/a/b",
      "docker.io/library/a/b:latest",
    ],
  ])("%s", (text, registry, repository, tag, digest, short, normal) => {
    const reference = parseReference(text);
    expect([reference.registry, reference.repository, reference.tag, reference.digest]).toEqual([
      registry,
      repository,
      tag,
      digest,
    ]);
    expect(formatReference(reference)).toBe(text);
    expect(familiar(reference)).toBe(short);
    expect(normalForm(reference)).toBe(normal);
  });
});

describe("what is no reference is refused with its reason", () => {
  test.each([
    ["", "REFERENCE_EMPTY", "is needed"],
    ["Nginx", "REFERENCE_UPPERCASE", '"library/nginx"'],
    ["qnib/Bench:v1", "REFERENCE_UPPERCASE", '"qnib/bench"'],
    ["docker.io/A/b", "REFERENCE_UPPERCASE", '"a/b"'],
    [hex, "REFERENCE_INVALID", "name@sha256:"],
    ["https://ghcr.io/a", "REFERENCE_INVALID", "leave out the scheme"],
    ["a//b", "REFERENCE_INVALID", "an empty part"],
    ["a/b/", "REFERENCE_INVALID", "an empty part"],
    ["-a/b", "REFERENCE_INVALID", '"-a"'],
    ["a/_b", "REFERENCE_INVALID", '"_b"'],
    ["a/b___c", "REFERENCE_INVALID", '"b___c"'],
    ["a/b..c", "REFERENCE_INVALID", '"b..c"'],
    ["a b", "REFERENCE_INVALID", '"a b"'],
    ["a\u0000b", "REFERENCE_INVALID", "\\u0000"],
    ["a:", "REFERENCE_INVALID", "the tag"],
    ["a:.x", "REFERENCE_INVALID", "the tag"],
    [`a:${"t".repeat(129)}`, "REFERENCE_INVALID", "up to 128"],
    ["a@", "DIGEST_INVALID", "64 hexadecimal digits"],
    ["a@sha256:abc", "DIGEST_INVALID", "64 lower-case"],
    [`a@sha256:${hex.toUpperCase()}`, "DIGEST_INVALID", "lower-case"],
    [`a@md5:${hex}`, "DIGEST_UNSUPPORTED", "sha256 and sha512"],
    [`a@${someDigest}@${someDigest}`, "DIGEST_INVALID", "is not a digest"],
    [`a@${someDigest}:tag`, "DIGEST_INVALID", "is not a digest"],
    ["registry.example.com:port/a", "REFERENCE_INVALID", "host and port"],
    ["re_g.io/a", "REFERENCE_INVALID", "host and port"],
    [`a/${"b".repeat(254)}`, "REFERENCE_TOO_LONG", "at most 255"],
    ["a".repeat(5_000_000), "REFERENCE_TOO_LONG", "at most 1024"],
  ])("$1: $2 (%#)", (text, code, words) => {
    const error = refusal(text);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(error.message.length).toBeLessThan(300);
  });

  test("takes 255 characters of repository, and a digest of sha512", () => {
    expect(parseReference(`ghcr.io/a/${"b".repeat(253)}`).repository).toHaveLength(255);
    expect(parseReference(`a@sha512:${hex}${hex}`).digest).toBe(`sha512:${hex}${hex}`);
  });
});

describe("a rewritten reference", () => {
  test.each([
    ["qnib/bench", `qnib/bench@${other}`, `qnib/bench@${other}`],
    ["nginx:1.27", `nginx@${other}`, `nginx:1.27@${other}`],
    [`index.docker.io/a/b:v1@${someDigest}`, `index.docker.io/a/b@${other}`, `index.docker.io/a/b:v1@${other}`],
    ["localhost:5000/a:v2", `localhost:5000/a@${other}`, `localhost:5000/a:v2@${other}`],
  ])("%s keeps the name as it was written", (text, digested, tagged) => {
    const reference = parseReference(text);
    expect(withDigest(reference, other)).toBe(digested);
    expect(withTagAndDigest(reference, other)).toBe(tagged);
  });

  test("refuses what is no digest", () => {
    expect(() => withDigest(parseReference("a"), "sha256:zz")).toThrow(OciError);
  });

  test("asks a registry for latest where nothing is written, and for no tag where there is a digest", () => {
    expect(["a", "a:v1", `a:v1@${someDigest}`].map((text) => effectiveTag(parseReference(text)))).toEqual([
      "latest",
      "v1",
      undefined,
    ]);
  });
});

test("whatever is read prints as it was written, and means the same in each of its forms", () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}((_|__|-|\.)[a-z0-9]{1,4}){0,2}$/);
  // Without a host, a first part with a dot would be one.
  const host = fc.constantFrom("team/", "ghcr.io/", "localhost:5000/", "[::1]/", "docker.io/", "docker.io/library/");
  const tag = fc.constantFrom("", ":v1", ":latest", ":A_b.c");
  const digest = fc.constantFrom("", `@${someDigest}`);
  fc.assert(
    fc.property(host, fc.array(part, { minLength: 1, maxLength: 4 }), tag, digest, (first, path, second, third) => {
      const text = `${first}${path.join("/")}${second}${third}`;
      const reference = parseReference(text);
      expect(formatReference(reference)).toBe(text);
      for (const form of [normalForm(reference), familiar(reference)]) {
        const again = parseReference(form);
        expect([again.registry, again.repository, again.digest]).toEqual([
          reference.registry,
          reference.repository,
          reference.digest,
        ]);
      }
    }),
  );
});

function refusal(text: string): OciError {
  try {
    parseReference(text);
  } catch (error) {
    if (error instanceof OciError) {
      return error;
    }
    throw error;
  }
  throw new Error("it was read");
}
