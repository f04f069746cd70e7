import type { Profile } from "../hardware/profile.ts";

/** What a profile offers to one container: accelerator features read from labels only where it gets a device. */
export function offered(profile: Profile, accelerated: boolean): Pick<Profile, "platform" | "features"> {
  const { platform, features, accelerators } = profile;
  return { platform, features: accelerated ? [...features, ...accelerators] : features };
}
