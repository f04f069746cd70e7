import { z } from "zod";
import type { BinaryPath } from "../../cluster/binaries.ts";
import type { BinaryName } from "../../cluster/releases.ts";
import { ask } from "./ask.ts";
import type { ReadCase, RuntimeAnswer } from "./runtime-answers.ts";

const choosing = z.object({ containerd2: z.string(), criO: z.string() });
const containerd1 = z.object({ containerd1: z.string() });
const docker = z.object({ docker: z.string() });

/** The programs that answer together: one for each set of versions that cannot be built into another. */
export const runtimePrograms = [
  "choosing",
  "choosing-containerd-1",
  "choosing-docker",
  "choosing-docker-29",
] as const satisfies BinaryName[];

/** Asks the programs which manifests runtimes take of these indexes. */
export async function askRuntimes(path: BinaryPath, cases: readonly ReadCase[]): Promise<readonly RuntimeAnswer[]> {
  const questions = cases.map(({ made: { host }, index: { root, blobs } }) => ({
    host,
    root,
    blobs: Object.fromEntries(blobs),
  }));
  const [two, one, graph, later] = await Promise.all([
    ask(path("choosing"), questions, (value) => choosing.parse(value)),
    ask(path("choosing-containerd-1"), questions, (value) => containerd1.parse(value)),
    ask(path("choosing-docker"), questions, (value) => docker.parse(value)),
    ask(path("choosing-docker-29"), questions, (value) => docker.parse(value)),
  ]);
  return questions.map((_, at) => {
    const [first, second, third, fourth] = [two[at], one[at], graph[at], later[at]];
    if (first === undefined || second === undefined || third === undefined || fourth === undefined)
      throw new Error("an answer is missing");
    return { ...first, ...second, docker28: third.docker, docker29: fourth.docker };
  });
}
