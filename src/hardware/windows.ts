/** Windows Server releases whose containers later hosts run: 2022 and 2025. */
const longTermBuilds: readonly number[] = [20348, 26100];
const firstCompatible = 20348;

interface WindowsVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
}

/** `10.0.20348[.1]`; the fourth number, the update, never decides. */
function readVersion(text: string): WindowsVersion | undefined {
  const match = /^(\d{1,5})\.(\d{1,5})\.(\d{1,6})(?:\.\d{1,9})?$/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]), build: Number(match[3]) };
}

/** The oldest build that a host runs: the long-term release before the one its generation began with. */
function oldestFor(build: number): number {
  const generation = longTermBuilds.findLastIndex((release) => release <= build);
  return longTermBuilds[Math.max(generation - 1, 0)] ?? firstCompatible;
}

/**
 * Whether a host of one `os.version` runs an image of another. Windows since Server 2022 keeps a stable interface: a
 * host runs images from the previous long-term release up to its own build; older hosts need the very build (Microsoft,
 * "Windows container version compatibility"; containerd's platforms package decides in the same way). A text
 * that is no Windows version is only equal to itself.
 */
export function runsOsVersion(host: string, image: string): boolean {
  if (host === image) return true;
  const [has, wants] = [readVersion(host), readVersion(image)];
  if (has === undefined || wants === undefined) return false;
  if (has.major !== wants.major || has.minor !== wants.minor) return false;
  if (has.build < firstCompatible) return has.build === wants.build;
  return oldestFor(has.build) <= wants.build && wants.build <= has.build;
}

/** Whether every host that runs images of `a` runs those of `b`: true for the same build. */
export function sameOsVersion(a: string, b: string): boolean {
  const [x, y] = [readVersion(a), readVersion(b)];
  if (x === undefined || y === undefined) return a === b;
  return x.major === y.major && x.minor === y.minor && x.build === y.build;
}

/** Whether the build of one version is later than that of another; false where either says none. */
export function isLaterBuild(version: string, than: string): boolean {
  const [one, other] = [version, than].map((text) => Number(/^[^.]*\.[^.]*\.(\d{1,9})(?:\.|$)/.exec(text)?.[1]));
  return one !== undefined && other !== undefined && one > other;
}
