import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CredentialSource } from "../../../src/credentials/keyring.ts";
import type { SpokenList } from "../../../src/lists/list.ts";
import { list } from "../lists.ts";
import { putImage, type StoredDescriptor } from "../registry/content.ts";
import { type RunningRegistry, startRegistry } from "../registry/start.ts";
import { type ProxySite, type ProxySiteOptions, startProxySite } from "./site.ts";

const login = { kind: "basic", username: "hub", password: "s3cret" } as const;
/** Credentials for ghcr.io, and none for docker.io. */
const keyring: CredentialSource = { candidates: async ({ registry }) => (registry === "ghcr.io" ? [login] : []) };

export type Spread = Readonly<Record<"generic" | "broadwell" | "gpu" | "secret", StoredDescriptor>>;

export const configOf = (text: string, architecture = "amd64"): Buffer =>
  Buffer.from(JSON.stringify({ os: "linux", architecture, text }));
export const digestOf = (response: Response): string | null => response.headers.get("docker-content-digest");

/** Two registries, and filtering registries before them, which share the lists, a record and a clock. */
export class ListedRegistries {
  lists: SpokenList[] = [];
  now = Date.parse("2026-11-29T12:00:00Z");
  readonly folder: string;
  /** Before docker.io. */
  readonly upstream: RunningRegistry;
  /** Before ghcr.io, which wants a login. */
  readonly elsewhere: RunningRegistry;
  readonly #sites: ProxySite[] = [];

  private constructor(folder: string, upstream: RunningRegistry, elsewhere: RunningRegistry) {
    this.folder = folder;
    this.upstream = upstream;
    this.elsewhere = elsewhere;
  }

  static async open(): Promise<ListedRegistries> {
    const folder = await mkdtemp(join(tmpdir(), "metahub-lists-"));
    const elsewhere = await startRegistry({ auth: { scheme: "basic", users: { hub: "s3cret" } } });
    return new ListedRegistries(folder, await startRegistry(), elsewhere);
  }

  /** A filtering registry. The next one is the same after a restart. */
  async start(options: ProxySiteOptions = {}): Promise<ProxySite> {
    const { upstream, elsewhere, folder } = this;
    const mirrors = new Map([
      ["docker.io", upstream.host],
      ["ghcr.io", elsewhere.host],
    ]);
    const plainHttp = (host: string): boolean => host === upstream.host || host === elsewhere.host;
    const allowedRegistries = (host: string): boolean => mirrors.has(host);
    const upstreams = [{ name: "ghcr", host: "ghcr.io" }];
    const site = await startProxySite({
      ...{ upstream, upstreams, keyring, lists: () => this.lists, now: () => this.now },
      recordFile: join(folder, "record"),
      client: { mirrors, plainHttp, allowedRegistries },
      ...options,
    });
    this.#sites.push(site);
    return site;
  }

  /** team/app: a generic build of its own, one for broadwell in another repository, one for GPUs in another registry. */
  async spread(): Promise<Spread> {
    const { upstream, elsewhere } = this;
    const generic = await putImage(upstream.store, "team/app", "generic", configOf("generic"));
    const broadwell = await putImage(upstream.store, "team/fast", "v1", configOf("broadwell"));
    const gpu = await putImage(elsewhere.store, "gpu/app", "v1", configOf("gpu"));
    const secret = await putImage(elsewhere.store, "gpu/app", "secret", configOf("secret"));
    this.lists = [
      list("app", {
        image: "team/app:v1",
        manifests: [
          { image: "team/app:generic" },
          { image: "team/fast:v1", features: ["cpu:broadwell"] },
          { image: "ghcr.io/gpu/app:v1", features: ["cpu:broadwell", "nvcap:5.2"], priority: 1 },
        ],
      }),
    ];
    return { generic, broadwell, gpu, secret };
  }

  async close(): Promise<void> {
    for (const site of this.#sites.splice(0)) await site.close();
    await this.upstream.close();
    await this.elsewhere.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The digest of an image's configuration. */
export async function configDigest(registry: RunningRegistry, repository: string, digest: string): Promise<string> {
  const manifest = await registry.store.manifest(repository, digest);
  return JSON.parse(Buffer.from(manifest?.bytes ?? []).toString()).config.digest;
}
