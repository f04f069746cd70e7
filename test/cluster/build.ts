import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./command.ts";
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
 * @throws MissingRequirement without Go; ClusterError `BUILD` when Go fails.
 */
export async function buildTo(target: string, build: Build, options: BuildOptions): Promise<void> {
  const draft = `${target}.${process.pid}.build`;
  const flags = ["-s", "-w", ...(build.define === undefined ? [] : ["-X", build.define])].join(" ");
  const args = ["build", "-trimpath", "-ldflags", flags, "-o", draft, build.package];
  const go = options.go ?? "go";
  try {
    const result = await runCommand(go, args, {
      signal: options.signal,
      cwd: join(options.sources, build.module),
      // Without cgo the programs are static and run on every Linux of this architecture, and in an empty image.
      env: { ...process.env, CGO_ENABLED: "0", GOOS: options.platform.os, GOARCH: options.platform.arch },
      timeoutMs: buildTimeoutMs,
    });
    if (result.code !== 0)
      throw new ClusterError("BUILD", `"${go} ${args.join(" ")}" failed: ${result.stderr.trim().slice(-2_000)}`);
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
