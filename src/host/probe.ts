import { open, readdir } from "node:fs/promises";
import { endianness, machine as hostMachine, platform as hostPlatform, release as hostRelease } from "node:os";
import { join } from "node:path";
import { maxCpuinfoLength } from "../hardware/detect/cpuinfo.ts";
import type { HostReport } from "../hardware/detect/host.ts";
import { describesGpu, nvidiaSmiOldQuery, nvidiaSmiQuery, withoutCapability } from "../hardware/detect/nvidia-smi.ts";
import { sysctlKeys } from "../hardware/detect/sysctl.ts";
import { CommandError } from "../process/failure.ts";
import { runTool, type ToolLimits } from "./tool.ts";

/** The report of a host on itself. */
export interface DetectedHost extends HostReport {
  /** Tools and files that are there but could not be asked, one sentence each. A missing tool is normal, and not told. */
  readonly problems: readonly string[];
}

export interface DetectOptions {
  /** For the tools that are run, PATH above all. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A folder that stands for `/`. Default `/`. */
  readonly root?: string | undefined;
  /** As `os.platform()`, `os.machine()` and `os.release()` say them. Default: this host's. */
  readonly platform?: string | undefined;
  readonly machine?: string | undefined;
  readonly release?: string | undefined;
  readonly limits?: Partial<ToolLimits> | undefined;
}

/** nvidia-smi on eight GPUs without persistence mode takes up to ten seconds. rocminfo of eight writes 100 KiB. */
const defaultLimits: ToolLimits = { timeoutMs: 20_000, maxBytes: 1024 * 1024 };
/** A node of the KFD topology is a CPU socket or a GPU. */
const maxKfdNodes = 128;
/** A `properties` file has some thirty short lines. */
const maxSysfsBytes = 16 * 1024;

/**
 * Reads what this host is: the I/O for `hostOffer`. Tools that are not there are normal.
 * @throws CommandError FILE_UNREADABLE where even the CPU cannot be read; the signal's reason where it aborts
 */
export async function detectHost(signal: AbortSignal, options: DetectOptions): Promise<DetectedHost> {
  const probe = new Probe(signal, options);
  const platform = options.platform ?? hostPlatform();
  const machine = options.machine ?? hostMachine();
  const kernelRelease = options.release ?? hostRelease();
  if (platform === "darwin") {
    return { cpu: { sysctl: await probe.sysctl() }, machine, kernelRelease, problems: probe.problems };
  }
  if (platform !== "linux") {
    const advice = "detect on Linux or macOS, or give a capture with --cpuinfo";
    throw new CommandError("FILE_UNREADABLE", `this host (${platform}) has no /proc/cpuinfo and no sysctl: ${advice}`);
  }
  const [cpuinfo, nvidiaSmi, rocminfo, kfdNodes, rocmVersion, amdgpuVersion] = await Promise.all([
    probe.cpuinfo(),
    probe.nvidiaSmi(),
    probe.tool(["rocminfo", "/opt/rocm/bin/rocminfo"], []),
    probe.kfdNodes(),
    probe.file("/opt/rocm/.info/version", maxSysfsBytes),
    probe.file("/sys/module/amdgpu/version", maxSysfsBytes),
  ]);
  return {
    cpu: { cpuinfo },
    machine,
    // `uname -m` says mips and mips64 of both byte orders.
    ...(machine.startsWith("mips") ? { byteOrder: endianness() === "LE" ? "little" : "big" } : {}),
    kernelRelease,
    ...(nvidiaSmi === undefined ? {} : { nvidiaSmi }),
    ...(rocminfo === undefined ? {} : { rocminfo }),
    ...(kfdNodes.length === 0 ? {} : { kfdNodes }),
    ...(rocmVersion === undefined ? {} : { rocmVersion }),
    ...(amdgpuVersion === undefined ? {} : { amdgpuVersion }),
    problems: probe.problems,
  };
}

/** A tool's output; where it did not do its work, why, with the output's words in `reason` and without in `ended`. */
interface Answer {
  readonly name: string;
  readonly text: string;
  readonly reason?: string | undefined;
  readonly ended?: string | undefined;
}

class Probe {
  readonly problems: string[] = [];
  readonly #signal: AbortSignal;
  readonly #root: string;
  readonly #env: DetectOptions["env"];
  readonly #limits: ToolLimits;

  constructor(signal: AbortSignal, options: DetectOptions) {
    this.#signal = signal;
    this.#root = options.root ?? "/";
    this.#env = options.env;
    this.#limits = { ...defaultLimits, ...options.limits };
  }

  async cpuinfo(): Promise<string> {
    const text = await this.file("/proc/cpuinfo", maxCpuinfoLength);
    if (text !== undefined && text.trim() !== "") return text;
    throw new CommandError("FILE_UNREADABLE", "/proc/cpuinfo cannot be read: is /proc mounted here?");
  }

  async sysctl(): Promise<string> {
    const text = await this.tool(["/usr/sbin/sysctl", "sysctl"], ["-i", ...sysctlKeys]);
    if (text !== undefined && text.trim() !== "") return text;
    throw new CommandError("FILE_UNREADABLE", `sysctl does not name the CPU: ${this.problems[0] ?? "it is not there"}`);
  }

  /**
   * The header names the newest CUDA that the driver supports; no query does. WSL keeps the tool off the PATH. Its
   * answer counts even where it ends with another code than 0: 14 is a warning of the infoROM, 2 a field that an old driver
   * does not know.
   */
  async nvidiaSmi(): Promise<{ query: string; header?: string } | undefined> {
    const names = ["nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi"];
    const first = await this.#ask(names, nvidiaSmiQuery);
    if (first === undefined) return undefined;
    let query = first.text;
    let { reason, ended } = first;
    if (reason !== undefined && !describesGpu(query)) {
      // A driver that hangs or has failed would only do so again.
      const old = /not a valid field/i.test(query + reason) ? await this.#ask(names, nvidiaSmiOldQuery) : undefined;
      query = withoutCapability(old?.text ?? "");
      if (old === undefined || !describesGpu(query)) {
        this.problems.push(`nvidia-smi is there, but ${reason}.`);
        return undefined;
      }
      ended = old.ended;
    }
    // Its warnings stand in the answer, and are told from there.
    if (ended !== undefined) this.problems.push(`nvidia-smi answered, but ${ended}.`);
    const header = await this.#ask(names, []);
    return { query, ...(header === undefined ? {} : { header: header.text }) };
  }

  async kfdNodes(): Promise<readonly string[]> {
    const folder = "/sys/class/kfd/kfd/topology/nodes";
    let names: string[];
    try {
      names = await readdir(join(this.#root, folder));
    } catch (error) {
      this.#note(folder, error);
      return [];
    }
    const some = names.sort((a, b) => Number(a) - Number(b)).slice(0, maxKfdNodes);
    const texts = await Promise.all(some.map((name) => this.file(`${folder}/${name}/properties`, maxSysfsBytes)));
    return texts.filter((text) => text !== undefined);
  }

  /** The output of the first of these tools that is there. */
  async tool(names: readonly string[], args: readonly string[]): Promise<string | undefined> {
    const answer = await this.#ask(names, args);
    if (answer?.reason === undefined) return answer?.text;
    this.problems.push(`${answer.name} is there, but ${answer.reason}.`);
    return undefined;
  }

  /** The output of the first of these tools that is there; with a reason where it did not do its work. */
  async #ask(names: readonly string[], args: readonly string[]): Promise<Answer | undefined> {
    for (const name of names) {
      const command = name.startsWith("/") ? join(this.#root, name) : name;
      const result = await runTool(command, args, this.#limits, { signal: this.#signal, env: this.#env });
      if (result.kind === "output") return { name, text: result.text };
      if (result.kind === "failed") {
        const [reason, ended] = [result.reason, result.ended].map((clause) => clause.replace(/\.$/, ""));
        return { name, text: result.output, reason, ended };
      }
    }
    return undefined;
  }

  /** The text of a file, as far as the bound; undefined where there is none. Files of /proc and /sys have no size. */
  async file(path: string, maxBytes: number): Promise<string | undefined> {
    try {
      const handle = await open(join(this.#root, path));
      try {
        const chunks: Buffer[] = [];
        let bytes = 0;
        for await (const chunk of handle.createReadStream({ signal: this.#signal, autoClose: false })) {
          const piece = Buffer.from(chunk);
          chunks.push(piece.subarray(0, maxBytes - bytes));
          bytes += piece.length;
          if (bytes >= maxBytes) break;
        }
        return Buffer.concat(chunks).toString("utf8");
      } finally {
        await handle.close();
      }
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#note(path, error);
      return undefined;
    }
  }

  #note(path: string, error: unknown): void {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return;
    this.problems.push(`${path} cannot be read (${String(code ?? error)}).`);
  }
}
