import { expect } from "vitest";
import { isRecord } from "../../../src/json/object.ts";
import { KubernetesClient } from "../../../src/kubernetes/client/client.ts";
import type { KubernetesObject } from "../../../src/kubernetes/object.ts";
import type { Change, ReflectorEvent, ReflectorOptions } from "../../../src/kubernetes/reflector/options.ts";
import { Reflector } from "../../../src/kubernetes/reflector/reflector.ts";
import { resource } from "../../../src/kubernetes/resource.ts";
import { ManualClock, settle } from "../manual-clock.ts";
import { FakeApiServer } from "./fake.ts";
import type { WatchConnection } from "./watch-connection.ts";

const nodes = resource({ group: "", version: "v1", plural: "nodes", namespaced: false });
export const nodesPath = "/api/v1/nodes";
/** The reflector's default. */
export const idleMs = 150_000;

/** Keeps `spec.a`; objects marked `skip` are left out, objects marked `bad` cannot be read. */
function transform(object: KubernetesObject): number | undefined {
  const spec = isRecord(object["spec"]) ? object["spec"] : {};
  if (spec["bad"] === true) throw new Error("unreadable");
  return spec["skip"] === true ? undefined : Number(spec["a"] ?? 0);
}

/** One reflector of nodes on a fake API server, with a clock that stands still. */
export class Reflecting {
  readonly clock = new ManualClock();
  readonly stop = new AbortController();
  readonly changes: string[] = [];
  readonly events: ReflectorEvent[] = [];
  readonly server: FakeApiServer;
  readonly #client: KubernetesClient;
  readonly #waiting: (() => void)[] = [];
  running: Promise<void> | undefined;

  static async start(): Promise<Reflecting> {
    return new Reflecting(await FakeApiServer.start());
  }

  private constructor(server: FakeApiServer) {
    this.server = server;
    const { clock } = this;
    this.#client = new KubernetesClient({ access: server.access(), userAgent: "test", clock, random: () => 0 });
  }

  reflect(more: Partial<ReflectorOptions<number>> = {}): Reflector<number> {
    const onChange = ({ type, key, object, previous }: Change<number>): void => {
      this.changes.push([type, key, object, previous].filter((each) => each !== undefined).join(" "));
    };
    const observe = (event: ReflectorEvent): void => {
      this.events.push(event);
      for (const wake of this.#waiting.splice(0)) wake();
    };
    const { clock } = this;
    const base = { client: this.#client, resource: nodes, transform, onChange, observe, clock, random: () => 0.5 };
    const reflector = new Reflector<number>({ ...base, ...more });
    this.running = reflector.run(this.stop.signal);
    return reflector;
  }

  /** Resolves when that many events of a type were observed. */
  async happened(type: ReflectorEvent["type"], times = 1): Promise<void> {
    while (this.events.filter((event) => event.type === type).length < times) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    await settle();
  }

  /** The nth watch, once both sides have it: its headers have arrived when the idle timer runs. */
  async opened(index: number): Promise<WatchConnection> {
    const watch = await this.server.watch(index);
    await this.clock.timer((ms) => ms === idleMs);
    return watch;
  }

  /** Lets the back-off after a failure pass. */
  async recover(times = 1): Promise<void> {
    await this.happened("failed", times);
    await this.clock.advance(10_000);
  }

  node(name: string, a = 0, spec: object = {}): void {
    this.server.store.put(nodesPath, { metadata: { name }, spec: { a, ...spec } });
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.running;
    await this.#client.close();
    await this.server.stop();
    expect(this.clock.waits).toEqual([]);
  }
}
