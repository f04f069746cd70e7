import type { Matrix } from "../../contract/views.ts";

/** `2 of 4 machine types`, and `3 of 5 nodes`: a node is of a type that has a row, too, so that they are counted apart. */
export function chosenFor(digest: string, machines: Matrix["machines"], number: (value: number) => string): string[] {
  return (
    [
      ["MachineType", "machine type"],
      ["Node", "node"],
    ] as const
  ).flatMap(([kind, name]) => {
    const all = machines.filter((machine) => machine.kind === kind);
    if (all.length === 0) return [];
    const chosen = all.filter(({ selected }) => selected === digest);
    return [`${number(chosen.length)} of ${number(all.length)} ${all.length === 1 ? name : `${name}s`}`];
  });
}
