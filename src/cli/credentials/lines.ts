/** A login, and where it is for. */
export interface ClientLogin {
  readonly username: string;
  readonly secret: string;
  /** Host, or host and port. */
  readonly server: string;
}

/** The value of `Authorization` (RFC 7617). */
export function basicHeader({ username, secret }: Pick<ClientLogin, "username" | "secret">): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`;
}

/** Lines for clients to copy. Those that log in ask for the secret, so that it stays out of the shell's history. */
export function clientLines(login: ClientLogin): string {
  const { username, server } = login;
  const user = shellWord(username);
  return `Log in with the secret as password:
  docker login --username ${user} ${server}
  podman login --username ${user} ${server}
  apptainer registry login --username ${user} docker://${server}

containerd, in /etc/containerd/certs.d/docker.io/hosts.toml for the images of docker.io:
${indented(hostsToml(login))}

kubelet: a node with this hosts.toml needs no more. Elsewhere, an image pull secret:
  kubectl create secret docker-registry metahub --docker-server=${server} \\
    --docker-username=${user} --docker-password=SECRET`;
}

/**
 * The registry is named as `server` and as host, with the header in both: else containerd goes on to docker.io where
 * nothing fits, and containerd 1.6 refuses a file without a table of hosts.
 */
export function hostsToml(login: ClientLogin): string {
  const url = `https://${login.server}`;
  const header = `Authorization = "${basicHeader(login)}"`;
  return `server = "${url}"
[header]
  ${header}
[host."${url}"]
  capabilities = ["pull", "resolve"]
  [host."${url}".header]
    ${header}`;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

/** A word that a POSIX shell reads as it is. */
function shellWord(text: string): string {
  return /^[\w@%=,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
