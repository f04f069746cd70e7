import type { Lateness } from "./lateness.ts";
import { chartLimit, processorTime, residentOf } from "./memory-limit.ts";
import type { Others, Outcome } from "./others.ts";
import { type BesiegedWebhook, probe } from "./webhook.ts";

/** Milliseconds between two probes, ten times as often as the kubelet's, and between two looks at the memory. */
const probeEveryMs = 500;
const lookEveryMs = 50;
/** The target, milliseconds. */
const mostP99 = 250;
/** Probes in a row that fail before the kubelet takes a replica out of its Service (Kubernetes' failureThreshold). */
const mostFailures = 3;

export interface PhaseResult {
  /** Of the table. */
  readonly rows: readonly (readonly (string | number)[])[];
  /** Targets that were missed. */
  readonly faults: readonly string[];
}

/** One part of the siege: what others saw of the webhook, and what it took. */
export class Phase {
  readonly #webhook: BesiegedWebhook;
  readonly #others: Others;
  readonly #lateness: Lateness;
  readonly #generators: readonly number[];
  #resident = 0;
  #probes = 0;
  #failed = 0;
  #row = 0;
  #mostInRow = 0;

  /** @param generators ids of the processes that attack */
  constructor(webhook: BesiegedWebhook, others: Others, lateness: Lateness, generators: readonly number[]) {
    this.#webhook = webhook;
    this.#others = others;
    this.#lateness = lateness;
    this.#generators = generators;
  }

  async run(name: string, seconds: number): Promise<PhaseResult> {
    const ended = new AbortController();
    const looking = setInterval(() => {
      this.#resident = Math.max(this.#resident, residentOf(this.#webhook.pid).now);
    }, lookEveryMs);
    const probing = this.#probe(ended.signal);
    await this.#lateness.take();
    const used = (): number => this.#generators.reduce((sum, pid) => sum + processorTime(pid), 0);
    const [before, webhook, own] = [used(), processorTime(this.#webhook.pid), process.cpuUsage()];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const { user, system } = process.cpuUsage(own);
    const shares = [processorTime(this.#webhook.pid) - webhook, used() - before, (user + system) / 1e6];
    clearInterval(looking);
    ended.abort();
    await probing;
    const late = (await this.#lateness.take()).toFixed(0);
    return this.#result(name, [late, shares.map((share) => ((share / seconds) * 100).toFixed(0)).join(" ")]);
  }

  async #probe(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const due = performance.now() + probeEveryMs;
      this.#probes += 1;
      if ((await probe(this.#webhook.healthPort)) === undefined) {
        this.#failed += 1;
        this.#row += 1;
        this.#mostInRow = Math.max(this.#mostInRow, this.#row);
      } else this.#row = 0;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    }
  }

  #result(name: string, load: readonly string[]): PhaseResult {
    const { admitted, bound } = this.#others.take();
    const mib = (this.#resident / 1_048_576).toFixed(0);
    const ready = `${this.#probes - this.#failed}/${this.#probes}`;
    const row = (what: string, outcome: Outcome, ...rest: readonly string[]): readonly (string | number)[] => {
      const all = outcome.latencies.length;
      const part = all === 0 ? "-" : `${((outcome.rewritten / all) * 100).toFixed(1)} %`;
      return [`${name}, ${what}`, all, at(outcome, 0.5).toFixed(0), at(outcome, 0.99).toFixed(0), part, ...rest];
    };
    const faults: string[] = [];
    for (const [what, outcome] of Object.entries({ admitted, bound })) {
      if (outcome.latencies.length === 0) faults.push(`${name}: no Pod was ${what}`);
      for (const [why, count] of outcome.left) faults.push(`${name}: ${count} Pods ${what} as written: ${why}`);
      const p99 = at(outcome, 0.99);
      if (p99 > mostP99) faults.push(`${name}: p99 of Pods ${what} is ${p99.toFixed(0)} ms, over ${mostP99}`);
    }
    if (this.#mostInRow >= mostFailures) faults.push(`${name}: readiness was lost`);
    if (this.#resident > chartLimit) faults.push(`${name}: ${mib} MiB are over the chart's limit`);
    const end = this.#webhook.ended();
    if (end !== undefined) faults.push(`${name}: the webhook ended: ${end}`);
    return { rows: [row("admitted", admitted, mib, ready, ...load), row("bound", bound, "", "", "", "")], faults };
  }
}

function at({ latencies }: Outcome, part: number): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
