import { availableParallelism } from "node:os";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const cores = availableParallelism();
/** A cluster of level api starts five processes and takes about 1 GiB: more than four at once is too much for many machines. */
const clustersAtOnce = Math.min(cores, 4);
/** All files use it then, and each sets it up in its own way. */
const oneClusterForAll = (process.env["METAHUB_TEST_KUBECONFIG"] ?? "") !== "";

/**
 * Files that run one after another, when nothing else does: those with real nodes, whose bridge and tables are the
 * machine's, and those in which crowds of Pods must be bound in time, which fill all cores.
 */
const alone = [
  "binding-chaos",
  "binding-crowd",
  "cluster-nodes",
  "nodes-scenario",
  "operator-on-nodes",
  "proxy-on-nodes",
].map((name) => `test/integration/${name}.test.ts`);

const integration: TestProjectInlineConfiguration["test"] = {
  globalSetup: [
    ...["test/preparation/bundle.ts", "test/preparation/programs.ts", "test/preparation/client-box.ts"],
    "test/cluster/global-setup.ts",
  ],
  testTimeout: 60_000,
  hookTimeout: 120_000,
};

/** What takes longer than CI bears: only `npm run test:full` runs these. */
const long = process.env["METAHUB_TEST_FULL"] === "1" ? [] : ["test/**/*.full.test.ts"];

export default defineConfig({
  test: {
    reporters: ["default", "./test/reporting/closing-line.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{src,scripts}/**/*.test.ts",
            "test/{bare,cluster,support,reporting,demo,cli,docs,console}/**/*.test.ts",
          ],
          globalSetup: ["test/preparation/bundle.ts", "test/preparation/archspec.ts"],
          exclude: long,
          // vitest's default leaves one core idle.
          maxWorkers: cores,
          // Some start processes, on machines that may be busy.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          ...integration,
          name: "integration",
          include: ["test/{integration,clients}/**/*.test.ts"],
          exclude: [...alone, ...long],
          maxWorkers: oneClusterForAll ? 1 : clustersAtOnce,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: { ...integration, name: "alone", include: alone, fileParallelism: false, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
