/** An exec credential plugin, as client.authentication.k8s.io describes it in a kubeconfig. */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly provideClusterInfo: boolean;
  readonly installHint?: string | undefined;
}

/** The deprecated `auth-provider` of a kubeconfig user (oidc, gcp, azure). */
export interface AuthProvider {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** PEM text, or the file that holds it. A file may be replaced while we run. */
export type PemSource = { readonly file: string } | { readonly pem: string };

/** Who we are. Whatever is absent is not sent. */
export interface UserAccess {
  readonly token?: string | undefined;
  /** Wins over `token`, as in client-go. */
  readonly tokenFile?: string | undefined;
  readonly basic?: { readonly username: string; readonly password: string } | undefined;
  readonly certificate?: PemSource | undefined;
  readonly key?: PemSource | undefined;
  readonly exec?: ExecPlugin | undefined;
  readonly authProvider?: AuthProvider | undefined;
  readonly impersonate?:
    | {
        readonly user: string;
        readonly uid?: string | undefined;
        readonly groups: readonly string[];
        readonly extra: Readonly<Record<string, readonly string[]>>;
      }
    | undefined;
}

/** One API server and one user, resolved: all that a client needs. Holds secrets: never log it. */
export interface ClusterAccess {
  /** Without a slash at the end; may have a path. */
  readonly server: string;
  readonly ca?: PemSource | undefined;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName?: string | undefined;
  readonly proxyUrl?: string | undefined;
  /** The context's namespace, or the Pod's own. */
  readonly namespace?: string | undefined;
  readonly user: UserAccess;
  /** Where this came from, for messages, e.g. `kubeconfig /home/me/.kube/config, context kind`. */
  readonly origin: string;
}
