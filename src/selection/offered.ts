import type { Profile } from "../hardware/profile.ts";

/**
 * The offer of a profile to one container. `accelerated`: it gets a device, so that features of accelerators which were
 * read from labels count; a node shows them whether or not a container on it sees any of its devices.
 */
export function offered(profile: Profile, accelerated: boolean): Pick<Profile, "platform" | "features"> {
  const { platform, features, accelerators } = profile;
  return { platform, features: accelerated ? [...features, ...accelerators] : features };
}
