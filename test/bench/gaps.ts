/** How long the event loop was held, ms. */
export interface Held {
  /** By the clock: what the machine takes from the process is in it, too. */
  readonly wall: number;
  /** In processor time of this thread: what the program itself did in one turn, however busy the machine is. */
  readonly cpu: number;
}

/** Watches how long the event loop goes without a turn. It asks for one as often as there is one. */
export class Gaps {
  #wall = 0;
  #cpu = 0;
  #lastWall = performance.now();
  #lastCpu = cpuMs();
  #on = true;

  constructor() {
    const turn = (): void => {
      this.#note();
      if (this.#on) setImmediate(turn);
    };
    setImmediate(turn);
  }

  /** Ends watching, and gives the longest. */
  stop(): Held {
    this.#note();
    this.#on = false;
    return { wall: this.#wall, cpu: this.#cpu };
  }

  #note(): void {
    const [wall, cpu] = [performance.now(), cpuMs()];
    this.#wall = Math.max(this.#wall, wall - this.#lastWall);
    this.#cpu = Math.max(this.#cpu, cpu - this.#lastCpu);
    this.#lastWall = wall;
    this.#lastCpu = cpu;
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
