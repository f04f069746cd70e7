import { expect, test } from "vitest";
import { MissingRequirement } from "./error.ts";
import { requireMachineNodes } from "./machine-nodes.ts";

test("a machine that lacks the level is asked nothing and changed in nothing", async () => {
  const touched: string[] = [];
  const found = await requireMachineNodes(
    { signal: new AbortController().signal },
    {},
    {
      requireNodes: () => {
        throw new MissingRequirement("nft", "apt-get install nftables", { packages: ["nftables"] });
      },
      machineState: async () => ({ state: touched.push("state") }),
      startCluster: async () => {
        touched.push("cluster");
        throw new Error("must not be started");
      },
    },
  );
  expect(found).toEqual({
    skip: "no cluster of level nodes; missing: nft. To get it: apt-get install nftables",
    packages: ["nftables"],
  });
  expect(touched).toEqual([]);
});
