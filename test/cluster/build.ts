import { rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { type CommandOptions, runCommand } from "./command.ts";
import { ClusterError, MissingRequirement, systemCode } from "./error.ts";
import type { Platform } from "./platform.ts";
import type { Build } from "./releases.ts";

export interface BuildOptions {
  readonly signal: AbortSignal;
  readonly platform: Platform;
  /** The folder that holds the Go modules. */
  readonly sources: string;
  /** Default: `go` on the PATH. */
  readonly go?: string;
}

/** The API server takes 6 minutes on two idle cores; a busy small machine must still get there. */
const buildTimeoutMs = 45 * 60_000;

/**
 * Builds a program to `target`, which appears only when it is whole.
 *
 * @throws MissingRequirement without Go, or without the modules that it is made of; ClusterError `BUILD` when Go fails.
 */
export async function buildTo(target: string, build: Build, options: BuildOptions): Promise<void> {
  const draft = `${target}.${process.pid}.build`;
  const flags = ["-s", "-w", ...(build.define === undefined ? [] : ["-X", build.define])].join(" ");
  const modfile = build.modfile === undefined ? [] : [`-modfile=${build.modfile}`];
  const args = ["build", ...modfile, "-trimpath", "-ldflags", flags, "-o", draft, build.package];
  const go = options.go ?? "go";
  const settings = {
    signal: options.signal,
    cwd: join(options.sources, build.module),
    // Without cgo the programs are static and run on every Linux of this architecture, and in an empty image.
    env: { ...process.env, CGO_ENABLED: "0", GOOS: options.platform.os, GOARCH: options.platform.arch },
    timeoutMs: buildTimeoutMs,
  };
  try {
    const result = await runCommand(go, args, settings);
    if (result.code !== 0) {
      await requireModules(go, [...modfile, build.package], settings);
      throw new ClusterError("BUILD", `"${go} ${args.join(" ")}" failed: ${result.stderr.trim().slice(-2_000)}`);
    }
    await rename(draft, target);
  } catch (error) {
    if (error instanceof ClusterError && systemCode(error.cause) === "ENOENT")
      throw new MissingRequirement(
        `Go (as new as ${options.sources}/go.mod says), to build ${build.package}`,
        "install it from https://go.dev/dl/, or connect this machine to a network to download releases",
      );
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Go lists all that a package is made of without compiling it: where that fails, the build failed for want of modules, or
 * of a folder to keep them in, and not for an error in them.
 */
async function requireModules(
  go: string,
  args: readonly string[],
  settings: CommandOptions & { readonly cwd: string },
): Promise<void> {
  const { code, stderr } = await runCommand(go, ["list", "-deps", ...args], settings);
  if (code === 0) return;
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("go: downloading "));
  const name = args.at(-1) ?? "";
  const why = lines[0]?.trim().slice(0, 300) ?? `go list ended with ${code}`;
  throw new MissingRequirement(
    `the Go modules of ${name === "." ? basename(settings.cwd) : name} (${why})`,
    "connect this machine to a network, or name a module proxy in GOPROXY",
  );
}
