import { pino } from "pino";
import { expect } from "vitest";
import { BindingEvents } from "../../../src/binding/events.ts";
import { BindingHandler, type BindingHandlerOptions } from "../../../src/binding/handler.ts";
import { createBindingMetrics } from "../../../src/binding/metrics.ts";
import { createRegistry } from "../../../src/telemetry/metrics.ts";
import type { Clock } from "../../../src/time/clock.ts";
import { digestOf } from "../oci/indexes.ts";
import { bindingOf, contextOf, EventShelf, nodeOf, PodShelf, Shelf } from "./shelves.ts";

const nodes = { s: nodeOf("s", ["cpu:skylake"]), b: nodeOf("b", ["cpu:broadwell"]) };
/** Milliseconds. Deadlines are longer than any wait between two looks, and never end here. */
const longestWait = 1_000;

/** The reference of a build of the bench's image. */
export const at = (build: string): string => `qnib/bench@${digestOf(build)}`;
/** Longer than any test. */
export const signal = AbortSignal.timeout(30_000);

/** The handler of bindings for the nodes `s` and `b`, and everything around it. */
export class BindingBench {
  /** Time passes when somebody waits for it, and by nothing else. */
  now = new Date("2026-11-23T12:00:00Z");
  /** Every wait, in milliseconds. */
  readonly waited: number[] = [];
  readonly shelf = new Shelf();
  readonly server = new PodShelf();
  readonly events = new EventShelf();
  readonly #metrics = createBindingMetrics(createRegistry());
  readonly #clock: Clock = {
    now: () => this.now.getTime(),
    wall: () => this.now,
    after: (ms, call) => {
      if (ms > longestWait) return () => undefined;
      const turn = setImmediate(() => {
        this.now = new Date(this.now.getTime() + ms);
        this.waited.push(ms);
        call();
      });
      return () => clearImmediate(turn);
    },
  };

  /** Knows `s` and `b`. */
  readonly nodes: BindingHandlerOptions["nodes"] = {
    find: (name) => Promise.resolve(name === "s" || name === "b" ? nodes[name] : undefined),
    isKnown: (name) => Promise.resolve(name === "s" || name === "b"),
  };

  constructor() {
    this.shelf.add("qnib/bench", "cpu:skylake", "cpu:broadwell");
  }

  handler(more: Partial<BindingHandlerOptions> = {}): BindingHandler {
    return new BindingHandler({
      pods: this.server,
      nodes: this.nodes,
      context: contextOf(this.shelf),
      events: new BindingEvents(this.events),
      metrics: this.#metrics,
      log: pino({ level: "silent" }),
      now: () => this.now,
      clock: this.#clock,
      ...more,
    });
  }

  /** As they were counted, of all bindings so far. */
  async outcomes(): Promise<readonly string[]> {
    const { values } = await this.#metrics.bindings.get();
    return values.flatMap(({ labels, value }) => Array.from({ length: value }, () => String(labels["outcome"])));
  }

  /** Binds, and expects that it may; gives all outcomes so far. */
  async bind(...args: Parameters<typeof bindingOf>): Promise<readonly string[]> {
    const { response } = await this.handler().handle(bindingOf(...args), signal);
    expect(response.allowed).toBe(true);
    expect(response.patch).toBeUndefined();
    return this.outcomes();
  }

  /** The image of a Pod's first container, as the server has it. */
  image(name: string): string | undefined {
    return this.server.pods.get(name)?.spec.containers?.[0]?.image;
  }
}
