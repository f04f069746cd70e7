import { describe, expect, test } from "vitest";
import { answerOf, disagreementOf, readCase } from "../../../test/support/oracle/runtime-answers.ts";
import { runtimeChoices } from "../../../test/support/oracle/runtime-choices.generated.ts";
import { runtimeExamples } from "../../../test/support/oracle/runtime-examples.ts";

const examples = runtimeExamples.map(([name, made, code, place]) => ({ name, made, code, place }));
const choices = new Map(runtimeChoices.map(([name, ...places]) => [name, places]));

describe("where no feature decides, what is said is what runs", () => {
  test.each(examples)("$name", async ({ name, made, code, place }) => {
    const one = await readCase(made);
    const digests = new Map([...one.index.places].map(([digest, at]) => [at, digest]));
    const places = choices.get(name) ?? expect.unreachable("the table lacks it");
    expect(
      disagreementOf(
        one,
        answerOf((_, at) => digests.get(places[at] ?? "") ?? ""),
      ),
    ).toEqual({ code });
    expect(one.index.places.get(one.selection.selected?.digest ?? "")).toBe(place);
  });
});
