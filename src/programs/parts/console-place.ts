import type { ConsoleData } from "../../console/data/data.ts";
import type { FolderDataOptions } from "../../console/data/folder/folder.ts";
import { clusterWays } from "../../console/sign-in/cluster-ways.ts";
import { folderWays } from "../../console/sign-in/folder-ways.ts";
import { OpenId, type OpenIdOptions } from "../../console/sign-in/openid.ts";
import { Users } from "../../console/sign-in/users.ts";
import type { SignInWays } from "../../console/sign-in/ways.ts";
import type { ClusterAccess } from "../../kubernetes/access/access.ts";
import { findClusterAddress } from "../../kubernetes/access/find.ts";
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

/** The data of a cluster, each person's with their own token. */
export interface ClusterDataOptions extends Omit<FolderDataOptions, "folder" | "writable"> {
  /** The API server, without anybody's credentials. */
  readonly address: ClusterAccess;
  readonly credentialsNamespace: string | undefined;
}

/** Opens the data of either side. */
export interface DataDoors {
  folder(options: FolderDataOptions): ConsoleData;
  cluster(options: ClusterDataOptions): ConsoleData;
}

export interface ConsolePlaceOptions extends Pick<FolderDataOptions, "registry"> {
  readonly log: Logger;
  readonly clock: Clock;
  readonly source: ConsoleSource;
  readonly registries: RegistriesOptions;
  readonly externalUrl: URL;
  readonly env: ProgramContext["env"];
}

/** How people sign in here, with the data that they then see. @throws UsageError, SignInError, KubernetesError */
export async function openConsolePlace(
  life: Lifecycle,
  { source, registries: allowed, registry, externalUrl, env, log, clock }: ConsolePlaceOptions,
  doors: DataDoors,
): Promise<SignInWays> {
  const registries = await openRegistries(life, allowed);
  const onError = (error: unknown): void => log.error({ error }, "what the console shows cannot be read");
  const shared = { registries, registry, onError };
  if (source.kind === "folder") {
    const users = new Users(source.users);
    await users.read();
    const { folder, writable } = source;
    const data = await openData(life, () => doors.folder({ ...shared, folder, writable }));
    return folderWays({ users, backend: (person) => data.backendFor(person) });
  }
  const { kubeconfig, credentialsNamespace } = source;
  const address = await findClusterAddress({ kubeconfig, environment: env });
  const openid =
    source.openid === undefined ? undefined : await openOpenId(life, { ...source.openid, externalUrl, clock });
  const data = await openData(life, () => doors.cluster({ ...shared, address, credentialsNamespace }));
  return clusterWays({ address, openid, backend: (person) => data.backendFor(person), clock });
}

async function openData(life: Lifecycle, open: () => ConsoleData): Promise<ConsoleData> {
  const data = await life.start("the data", open, (opened) => opened.close());
  await data.ready;
  return data;
}

function openOpenId(life: Lifecycle, options: OpenIdOptions): Promise<OpenId> {
  return life.start(
    "the OpenID provider's client",
    () => new OpenId(options),
    (openid) => openid.close(),
  );
}
