import { open } from "node:fs/promises";
import { join } from "node:path";
import { type DockerConfig, parseDockerConfig } from "./docker-config.ts";
import { CredentialsError } from "./error.ts";

/** The environment that decides where configs lie; handed in, since only the program's entry reads it. */
export interface HostEnvironment {
  readonly HOME?: string | undefined;
  readonly DOCKER_CONFIG?: string | undefined;
  readonly REGISTRY_AUTH_FILE?: string | undefined;
  readonly XDG_RUNTIME_DIR?: string | undefined;
  readonly XDG_CONFIG_HOME?: string | undefined;
}

/** Where this user's configs may lie, the first to ask first: containers-auth.json(5), and docker's documentation. */
export function hostConfigPaths(env: HostEnvironment): readonly string[] {
  if (env.REGISTRY_AUTH_FILE) return [env.REGISTRY_AUTH_FILE];
  const paths: string[] = [];
  if (env.DOCKER_CONFIG) paths.push(join(env.DOCKER_CONFIG, "config.json"));
  else if (env.HOME) paths.push(join(env.HOME, ".docker", "config.json"));
  if (env.XDG_RUNTIME_DIR) paths.push(join(env.XDG_RUNTIME_DIR, "containers", "auth.json"));
  const config = env.XDG_CONFIG_HOME || (env.HOME ? join(env.HOME, ".config") : undefined);
  if (config !== undefined) paths.push(join(config, "containers", "auth.json"));
  return paths;
}

/** Bytes. Docker's own configs hold a few KiB; a Secret, the other place of such a config, at most 1 MiB. */
const maxBytes = 1024 * 1024;

/** Reads a config of this machine; undefined where there is none. @throws CredentialsError */
export async function readHostConfig(path: string): Promise<DockerConfig | undefined> {
  let text: string;
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > maxBytes) throw new CredentialsError("CONFIG_TOO_LARGE", `${path}: is larger than 1 MiB`);
      text = await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof CredentialsError) throw cause;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new CredentialsError("CONFIG_UNREADABLE", `${path}: cannot be read; check its permissions`, { cause });
  }
  return parseDockerConfig(text, path);
}
