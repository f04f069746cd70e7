/** What a run of tests on a bare machine must have said, and did not; empty where all is well. */
export function complaints(output: string, code: number | null, packages: readonly string[]): readonly string[] {
  const lines = output.trimEnd().split("\n");
  const counts = /^(\d+) passed, 0 failed, (\d+) skipped$/.exec(lines.at(-1) ?? "");
  const remedy = lines.find((line) => line.startsWith("To run them: "))?.split(/\s+/) ?? [];
  const untold = packages.filter((name) => !remedy.includes(name));
  return [
    ...(code === 0 ? [] : [`the exit code is ${code}, not 0`]),
    ...(counts === null ? [`the last line is no count without failures: ${lines.at(-1)}`] : []),
    ...(counts?.[1] === "0" ? ["no test ran"] : []),
    ...(untold.length === 0 ? [] : [`what brings the skipped tests does not name ${untold.join(", ")}`]),
  ];
}
