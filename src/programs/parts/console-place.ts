import type { KnownFeatures } from "../../console/api/routes.ts";
import type { Backend, Person } from "../../console/backend.ts";
import { clusterWays } from "../../console/sign-in/cluster-ways.ts";
import { folderWays } from "../../console/sign-in/folder-ways.ts";
import { OpenId, type OpenIdOptions } from "../../console/sign-in/openid.ts";
import { Users } from "../../console/sign-in/users.ts";
import type { SignInWays } from "../../console/sign-in/ways.ts";
import type { ClusterAccess } from "../../kubernetes/access/access.ts";
import { findClusterAddress } from "../../kubernetes/access/find.ts";
import type { RegistryClient } from "../../registry/client.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Clock } from "../../time/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { ProgramContext } from "./program.ts";
import { openRegistries, type RegistriesOptions } from "./registries.ts";

/** Where what the console shows lives. */
export type ConsoleSource =
  | {
      readonly kind: "folder";
      readonly folder: string;
      readonly writable: boolean;
      /** A users file. */
      readonly users: string;
    }
  | {
      readonly kind: "cluster";
      readonly kubeconfig: string | undefined;
      readonly credentialsNamespace: string | undefined;
      readonly openid: Omit<OpenIdOptions, "externalUrl" | "clock"> | undefined;
    };

/** What both sides of the data need. */
export interface DataOptions {
  readonly registries: RegistryClient;
  /** The filtering registry's host, for ready lines. */
  readonly registry: string | undefined;
  readonly log: Logger;
  readonly clock: Clock;
}

/** What gives each person their Backend. */
export interface ConsoleData {
  readonly features: KnownFeatures;
  cluster(
    life: Lifecycle,
    options: DataOptions & { readonly address: ClusterAccess; readonly credentialsNamespace: string | undefined },
  ): Promise<(person: Person) => Backend>;
  folder(
    life: Lifecycle,
    options: DataOptions & { readonly folder: string; readonly writable: boolean },
  ): Promise<(person: Person) => Backend>;
}

export interface ConsolePlaceOptions extends Pick<DataOptions, "log" | "clock" | "registry"> {
  readonly source: ConsoleSource;
  readonly registries: RegistriesOptions;
  readonly externalUrl: URL;
  readonly env: ProgramContext["env"];
}

/** How people sign in here, with the data that they then see. @throws UsageError, SignInError, KubernetesError */
export async function openConsolePlace(
  life: Lifecycle,
  { source, registries: allowed, registry, externalUrl, env, log, clock }: ConsolePlaceOptions,
  data: ConsoleData,
): Promise<SignInWays> {
  const shared: DataOptions = { registries: await openRegistries(life, allowed), registry, log, clock };
  if (source.kind === "folder") {
    const users = new Users(source.users);
    await users.read();
    const { folder, writable } = source;
    return folderWays({ users, backend: await data.folder(life, { ...shared, folder, writable }) });
  }
  const { kubeconfig, credentialsNamespace } = source;
  const address = await findClusterAddress({ kubeconfig, environment: env });
  const openid =
    source.openid === undefined ? undefined : await openOpenId(life, { ...source.openid, externalUrl, clock });
  const backend = await data.cluster(life, { ...shared, address, credentialsNamespace });
  return clusterWays({ address, openid, backend, clock });
}

function openOpenId(life: Lifecycle, options: OpenIdOptions): Promise<OpenId> {
  return life.start(
    "the OpenID provider's client",
    () => new OpenId(options),
    (openid) => openid.close(),
  );
}
