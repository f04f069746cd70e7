/** A login, and where it is for. */
export interface ClientLogin {
  readonly username: string;
  readonly secret: string;
  /** Host, or host and port. */
  readonly server: string;
}

/** Text for one client to copy. */
export interface ClientText {
  /** `docker`, `podman`, `apptainer`, `containerd` or `kubelet`. */
  readonly client: string;
  readonly text: string;
}

/** The value of `Authorization` (RFC 7617). */
export function basicHeader({ username, secret }: Pick<ClientLogin, "username" | "secret">): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`;
}

/** A command for each client that logs in. It asks for the secret, so that it stays out of the shell's history. */
function logins({ username, server }: ClientLogin): readonly ClientText[] {
  const user = shellWord(username);
  return [
    { client: "docker", text: `docker login --username ${user} ${server}` },
    { client: "podman", text: `podman login --username ${user} ${server}` },
    { client: "apptainer", text: `apptainer registry login --username ${user} docker://${server}` },
  ];
}

function pullSecret({ username, server }: ClientLogin): string {
  return `kubectl create secret docker-registry metahub --docker-server=${server} \\
  --docker-username=${shellWord(username)} --docker-password=SECRET`;
}

/** Texts for clients, each by itself: containerd's is its hosts.toml, the kubelet's the command that makes a pull secret. */
export function clientTexts(login: ClientLogin): readonly ClientText[] {
  return [
    ...logins(login),
    { client: "containerd", text: hostsToml(login) },
    { client: "kubelet", text: pullSecret(login) },
  ];
}

/** The same as one page, with a line on what each is for. */
export function clientLines(login: ClientLogin): string {
  return `Log in with the secret as password:
${indented(
  logins(login)
    .map(({ text }) => text)
    .join("\n"),
)}

containerd, in /etc/containerd/certs.d/docker.io/hosts.toml for the images of docker.io:
${indented(hostsToml(login))}

kubelet: a node with this hosts.toml needs no more. Elsewhere, an image pull secret:
${indented(pullSecret(login))}`;
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
