import { describe, expect, test } from "vitest";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { formatImageName, imageAt, parseImageName } from "./name.ts";

const digest = digestOf("a");
const build = digestOf("b");

describe("an image as it is written", () => {
  const cases: [written: string, shown: string, build: string][] = [
    ["qnib/bench", "qnib/bench:latest", `qnib/bench@${build}`],
    ["qnib/bench:v1", "qnib/bench:v1", `qnib/bench@${build}`],
    ["localhost:5000/a", "localhost:5000/a:latest", `localhost:5000/a@${build}`],
    [`qnib/bench:v1@${digest}`, `qnib/bench@${digest}`, `qnib/bench@${build}`],
    ["oci:dir", "oci:dir", `oci:dir@${build}`],
    ["oci:/a/b.c:v1", "oci:/a/b.c:v1", `oci:/a/b.c@${build}`],
    ["oci:dir:docker.io/library/x:v1", "oci:dir:docker.io/library/x:v1", `oci:dir@${build}`],
    [`oci:dir@${digest}`, `oci:dir@${digest}`, `oci:dir@${build}`],
    ["oci:user@host", "oci:user@host", `oci:user@host@${build}`],
  ];
  test.each(cases)("%s", (written, shown, at) => {
    const name = parseImageName(written);
    expect(formatImageName(name)).toBe(shown);
    expect(imageAt(name, build)).toBe(at);
  });

  const refused: [written: string, said: RegExp][] = [
    ["oci:", /expected oci:DIR or oci:DIR:TAG/],
    ["oci::v1", /expected oci:DIR/],
    ["oci:dir:", /expected oci:DIR/],
    ["oci:a\0b", /path of a folder/],
    [`oci:${"a".repeat(5_000)}`, /path of a folder/],
    ["oci:dir@sha256:abc", /not a sha256 digest/],
    ["", /an image reference is needed/],
    ["UPPER/case:ok:no", /./],
  ];
  test.each(refused)("%j is refused", (written, said) => {
    expect(() => parseImageName(written)).toThrow(said);
  });
});
