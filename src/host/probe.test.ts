import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hostOffer } from "../hardware/detect/host.ts";
import { formatFeature } from "../hardware/feature.ts";
import { type DetectOptions, detectHost } from "./probe.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "metahub-host-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const cpuinfo = "processor : 0\nvendor_id : GenuineIntel\nflags : fpu sse sse2\n";
const amdDriver = { "/sys/module/amdgpu/version": "6.10.5\n" };

async function files(contents: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    if (/bin\/|\/wsl\//.test(path)) await chmod(join(root, path), 0o755);
  }
}

/** A host of files and tools below a folder, and nothing of the one that the test runs on. */
async function detected(contents: Readonly<Record<string, string>>, options: Partial<DetectOptions> = {}) {
  await files({ "/bin/none": "", ...contents });
  const host = await detectHost(new AbortController().signal, {
    env: { PATH: `${join(root, "bin")}:/usr/bin:/bin` },
    root,
    platform: "linux",
    machine: "x86_64",
    release: "6.1.0-28-amd64",
    ...options,
  });
  const offer = hostOffer(host);
  return { ...host, features: offer.features.map(formatFeature), platform: offer.platform, notes: offer.notes };
}

/** Answers the query and, without arguments, the header. */
const nvidiaSmi = (query: string): string => `#!/bin/sh
case "$*" in
  *compute_cap*) printf '${query}' ;;
  "") echo '| NVIDIA-SMI 550.54.15  Driver Version: 550.54.15  CUDA Version: 12.4 |' ;;
esac
`;

describe("a Linux host", () => {
  test("needs no tool at all", async () => {
    const host = await detected({ "/proc/cpuinfo": cpuinfo });
    expect(host.features).toEqual(["cpu:x86_64", "kernel:6.1.0-28-amd64"]);
    expect(host.problems).toEqual([]);
  });

  test("has NVIDIA GPUs", async () => {
    const tool = nvidiaSmi("9.0, 550.54.15, NVIDIA H200\\n9.0, 550.54.15, NVIDIA H200\\n");
    const host = await detected({ "/proc/cpuinfo": cpuinfo, "/bin/nvidia-smi": tool });
    expect(host.features).toEqual([
      "cpu:x86_64",
      "cuda:12.4",
      "kernel:6.1.0-28-amd64",
      "nvcap:9.0",
      "nvdriver:550.54.15",
    ]);
    expect(host.problems).toEqual([]);
  });

  test("has them under WSL, where the tool is not on the PATH", async () => {
    const tool = nvidiaSmi("8.9, 551.61, NVIDIA RTX 4090\\n");
    const host = await detected({ "/proc/cpuinfo": cpuinfo, "/usr/lib/wsl/lib/nvidia-smi": tool });
    expect(host.features).toContain("nvcap:8.9");
    expect(host.problems).toEqual([]);
  });

  test("has NVIDIA GPUs of which the driver warns with an exit code", async () => {
    const tool = nvidiaSmi("8.0, 550.54.15, NVIDIA A100\\nWARNING: infoROM is corrupted at gpu 0000:3B:00.0\\n");
    const host = await detected({ "/proc/cpuinfo": cpuinfo, "/bin/nvidia-smi": `${tool}exit 14\n` });
    expect(host.features).toEqual(expect.arrayContaining(["nvcap:8.0", "nvdriver:550.54.15", "cuda:12.4"]));
    expect(host.problems).toEqual(["nvidia-smi answered, but it ended with exit code 14."]);
    expect(host.notes).toEqual([expect.stringMatching(/^nvidia-smi also says "WARNING: infoROM is corrupted /)]);
  });

  // nvidia-smi(1), "Return Value"; 15 is what tools of other drivers end with.
  test.each([2, 3, 6, 8, 9, 12, 13, 14, 15, 255])(
    "tells exit code %i once, and its words on standard error once",
    async (code) => {
      const tool = nvidiaSmi("8.0, 550.54.15, NVIDIA A100\\nWARNING: one\\n");
      const host = await detected({
        "/proc/cpuinfo": cpuinfo,
        "/bin/nvidia-smi": `${tool}echo "two" >&2; exit ${code}\n`,
      });
      const said = [...host.problems, ...host.notes].join(" ");
      for (const each of [`exit code ${code}`, "one", "two"]) expect(said.split(each), each).toHaveLength(2);
      expect(said).not.toContain("A100");
    },
  );

  test("has a driver before 510, which does not know compute_cap", async () => {
    const tool = `#!/bin/sh
case "$*" in
  *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2 ;;
  *driver_version*) echo '470.182.03, Tesla K80' ;;
  "") echo '| NVIDIA-SMI 470.182.03  Driver Version: 470.182.03  CUDA Version: 11.4 |' ;;
esac
`;
    const host = await detected({ "/proc/cpuinfo": cpuinfo, "/bin/nvidia-smi": tool });
    expect(host.features).toEqual(expect.arrayContaining(["nvdriver:470.182.03", "cuda:11.4"]));
    expect(host.features.filter((text) => text.startsWith("nvcap"))).toEqual([]);
    expect(host.problems).toEqual([]);
  });

  test("tells of a driver that does not answer, once, and goes on", async () => {
    const tool =
      '#!/bin/sh\necho "NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver."; exit 9\n';
    const host = await detected({ "/proc/cpuinfo": cpuinfo, "/bin/nvidia-smi": tool });
    expect(host.features).toEqual(["cpu:x86_64", "kernel:6.1.0-28-amd64"]);
    expect(host.problems).toEqual([
      "nvidia-smi is there, but it ended with exit code 9: NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
    ]);
  });

  test("has AMD GPUs, with ROCm", async () => {
    const rocminfo = `#!/bin/sh
cat <<END
Agent 1
  Device Type:             CPU
Agent 2
  Device Type:             GPU
    ISA 1
      Name:                    amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-
END
`;
    const host = await detected({
      "/proc/cpuinfo": cpuinfo,
      "/opt/rocm/bin/rocminfo": rocminfo,
      "/opt/rocm/.info/version": "6.3.1-48\n",
      ...amdDriver,
    });
    expect(host.features).toContain("gfx:gfx90a:sramecc+:xnack-");
    expect(host.features).toContain("amddriver:6.10.5");
    expect(host.features.some((text) => text.startsWith("rocm:6.3.1"))).toBe(true);
  });

  test("has AMD GPUs, with the driver alone", async () => {
    const nodes = "/sys/class/kfd/kfd/topology/nodes";
    const host = await detected({
      "/proc/cpuinfo": cpuinfo,
      [`${nodes}/0/properties`]: "cpu_cores_count 64\ngfx_target_version 0\n",
      [`${nodes}/1/properties`]: "simd_count 304\ngfx_target_version 90402\n",
      ...amdDriver,
    });
    expect(host.features).toContain("gfx:gfx942");
  });

  test("does not wait for a tool that hangs", async () => {
    const contents = { "/proc/cpuinfo": cpuinfo, "/bin/nvidia-smi": "#!/bin/sh\nexec sleep 600\n" };
    const host = await detected(contents, { limits: { timeoutMs: 300 } });
    expect(host.problems).toEqual(["nvidia-smi is there, but it gave no answer within 0.3 s."]);
    expect(host.features).toContain("cpu:x86_64");
  });

  test("cannot be read without /proc/cpuinfo", async () => {
    await expect(detected({})).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
    await expect(detected({ "/proc/cpuinfo": "\n" })).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });
});

describe("a Mac", () => {
  const options = { platform: "darwin", machine: "arm64", release: "24.1.0" };

  test("is asked with sysctl", async () => {
    const contents = {
      "/usr/sbin/sbin/none": "",
      "/bin/sysctl": "#!/bin/sh\necho 'machdep.cpu.brand_string: Apple M2 Pro'\n",
    };
    const host = await detected(contents, options);
    expect(host.platform).toEqual({ os: "darwin", architecture: "arm64" });
    expect(host.features).toEqual(["cpu:m2"]);
  });

  test("that says nothing cannot be read", async () => {
    const contents = { "/bin/sysctl": "#!/bin/sh\nexit 1\n" };
    await expect(detected(contents, options)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });
});

test("another system is told what can be done", async () => {
  await expect(detected({}, { platform: "win32" })).rejects.toThrow(/this host \(win32\).*--cpuinfo/);
});

test("is given up when the signal says so", async () => {
  const ended = AbortSignal.abort(new Error("enough"));
  await expect(detectHost(ended, { root, env: {} })).rejects.toThrow("enough");
});
