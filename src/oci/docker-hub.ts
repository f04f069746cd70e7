/** Docker Hub as references name it (distribution/reference). */
export const dockerHub = "docker.io";
/** The host that is asked: Docker Hub's API has another name than the references have. */
export const dockerHubApi = "registry-1.docker.io";
/** Its first name: distribution/reference still turns it into docker.io, and logins are stored under it. */
export const dockerHubLegacy = "index.docker.io";

const names: ReadonlySet<string> = new Set([dockerHub, dockerHubLegacy, dockerHubApi]);

/** Whether a host, in lower case, is one of Docker Hub's names. */
export function isDockerHub(host: string): boolean {
  return names.has(host);
}
