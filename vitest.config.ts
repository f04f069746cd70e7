import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    reporters: ["default", "./test/reporting/closing-line.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["{src,scripts}/**/*.test.ts", "test/{bare,cluster,support,reporting,demo,cli,docs}/**/*.test.ts"],
          globalSetup: ["test/preparation/bundle.ts", "test/preparation/archspec.ts"],
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/preparation/bundle.ts", "test/preparation/programs.ts", "test/cluster/global-setup.ts"],
          // One cluster serves every file; files run one after another because they share its nodes and webhook.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
