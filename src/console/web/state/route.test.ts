import { expect, test } from "vitest";
import { linkTo, readRoute } from "./route.ts";

test.each([
  ["", [], ""],
  ["#/machine-types/type1/edit", ["machine-types", "type1", "edit"], ""],
  ["#/images?image=qnib%2Fbench%3Alatest", ["images"], "image=qnib%2Fbench%3Alatest"],
  ["#/machine-types/a%2Fb", ["machine-types", "a/b"], ""],
  ["#/images?image=a?b=c", ["images"], "image=a%3Fb%3Dc"],
  ["#/machine-types/100%", ["machine-types", "100%"], ""],
])("%j is read", (hash, parts, query) => {
  const route = readRoute(hash);
  expect([route.parts, route.query.toString()]).toEqual([parts, query]);
});

test("a link leads to where it was made for, whatever is in it", () => {
  const image = "reg.example.com:5000/a/b?c=d#e&f:tag@sha256:0%";
  const { parts, query } = readRoute(linkTo(["images", "a/b ?#"], { image, empty: "", none: undefined }));
  expect(parts).toEqual(["images", "a/b ?#"]);
  expect([...query]).toEqual([["image", image]]);
});
