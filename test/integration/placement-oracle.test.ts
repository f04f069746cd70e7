import { afterAll, expect, test } from "vitest";
import { parsePod } from "../../src/api/parse-pod.ts";
import { soon } from "../support/cluster/binding-site.ts";
import { patchAs } from "../support/cluster/witness.ts";
import { describeWith } from "../support/describe-with.ts";
import { candidatesOf } from "../support/oracle/candidates.ts";
import {
  countedWrongly,
  describeTrial,
  pickedWrongly,
  type Slack,
  sharesOf,
  type Trial,
} from "../support/oracle/disagreements.ts";
import { eachOf } from "../support/oracle/each.ts";
import { OracleFollowing } from "../support/oracle/following.ts";
import type { OracleNode } from "../support/oracle/nodes.ts";
import { podsOf } from "../support/oracle/pods.ts";
import { recover } from "../support/oracle/recovery.ts";
import { type NamedSpec, openOracleSite } from "../support/oracle/site.ts";
import { twinOf } from "../support/oracle/survey.ts";
import { servedResource } from "../support/oracle/vocabulary.ts";

/** Nodes, devices and Pods all come from it. Another one explores. */
const seed = Number(process.env["METAHUB_ORACLE_SEED"] || 1);
const found = await openOracleSite(seed);

describeWith(found, `placement with the real scheduler as oracle, seed ${seed}`, (site) => {
  afterAll(() => site.stop());
  const { witness, snapshot, createPods } = site;
  const generated = podsOf(seed);
  const gated = generated.filter(({ spec }) => spec.schedulingGates !== undefined);
  const plugins = [...snapshot.nodes.values()].filter(({ facts }) => Object.hasOwn(facts.allocatable, servedResource));

  /** With which nodes the scheduler may be stricter than we are. */
  const slack = (...states: readonly OracleNode["transient"][]): Slack => {
    const transient = site.nodes.filter((node) => node.transient !== undefined && states.includes(node.transient));
    return {
      transient: new Set(transient.map(({ spec }) => spec.name)),
      plugins: new Set(plugins.map(({ facts }) => facts.name)),
    };
  };

  /** Creates them, and waits for the scheduler. Two trials for each: the Pod as its author wrote it, and as stored. */
  async function tryAll(
    label: string,
    list: readonly NamedSpec[],
    created: () => Promise<unknown> = async () => undefined,
  ): Promise<readonly Trial[]> {
    const following = await OracleFollowing.start(witness, `oracle=${label}`);
    try {
      const stored = await createPods(label, list);
      await created();
      const names = list.map(({ name }) => name);
      const verdicts = await following.decided(names, soon());
      return generated.flatMap((pod, index): readonly Trial[] => {
        const verdict = verdicts[index];
        const kept = stored[index];
        if (verdict === undefined || kept === undefined) throw new Error(`${pod.name} was not tried`);
        const written = parsePod({ metadata: { name: pod.name, namespace: "default" }, spec: pod.spec });
        return [
          { pod, form: "written", candidates: candidatesOf(snapshot, written), verdict },
          { pod, form: "stored", candidates: candidatesOf(snapshot, kept), verdict },
        ];
      });
    } finally {
      await following.close();
    }
  }

  const disagreements = (trials: readonly Trial[], wrong: typeof pickedWrongly, given: Slack): readonly string[] =>
    trials.flatMap((trial) => {
      const what = wrong(trial, given);
      return what === undefined ? [] : [describeTrial(seed, trial, what)];
    });

  test("each node has a profile of its own, so that a profile names a node", () => {
    expect(snapshot.profiles).toBe(snapshot.nodes.size);
    expect(snapshot.nodes.size).toBeGreaterThan(100);
  });

  // Before any Pod takes something: what a node can give is then all that it has.
  test("the scheduler lets as many nodes pass as we do", { timeout: 120_000 }, async () => {
    const trials = await tryAll("twin", generated.map(twinOf));
    // The scheduler would try them again whenever a node changes.
    await site.deletePods("twin");
    expect(disagreements(trials, countedWrongly, slack("stays", "recovers"))).toEqual([]);
  });

  // By then some nodes have recovered: a Pod gets there although we looked while they were cordoned or not ready.
  test("the node that it picks is one of ours, and where it finds one we do", { timeout: 120_000 }, async ({
    annotate,
  }) => {
    await recover(site);
    const trials = await tryAll("pod", generated, () =>
      eachOf(gated, ({ name, narrowing }) => {
        const body = { spec: { ...narrowing, schedulingGates: null } };
        return witness.core.patchNamespacedPod({ namespace: "default", name, body }, patchAs.merge);
      }),
    );
    const shares = sharesOf(trials);
    await annotate(shares.map(({ rule, placed, refused }) => `${rule} ${placed}:${refused}`).join(", "));
    expect(disagreements(trials, pickedWrongly, slack("stays"))).toEqual([]);
    // Pods that all land, or none of which does, would try nothing.
    for (const share of shares) expect(Math.min(share.placed, share.refused), share.rule).toBeGreaterThan(0);
  });
});
