import { afterEach } from "vitest";
import { RegistryClient } from "../../../src/registry/client.ts";
import type { RegistryClientOptions } from "../../../src/registry/options.ts";
import { type RunningRegistry, type StartRegistryOptions, startRegistry } from "./start.ts";

export interface RegistryFixture {
  registry(options?: StartRegistryOptions): Promise<RunningRegistry>;
  /** Speaks plain HTTP to every host, goes where they send it, has little patience, and asks once, unless told otherwise. */
  client(options?: Partial<RegistryClientOptions>): RegistryClient;
}

/** Registries and clients that end with the test that started them. To be called where tests are declared. */
export function registryFixture(): RegistryFixture {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });
  const keep = <T extends { close(): Promise<void> }>(made: T): T => {
    open.push(made);
    return made;
  };
  return {
    registry: async (options) => keep(await startRegistry(options)),
    client: (options) =>
      keep(
        new RegistryClient({
          plainHttp: () => true,
          privateRedirects: () => true,
          repeat: "never",
          timeouts: { connectMs: 1_000, headersMs: 300, bodyMs: 500, idleMs: 500, uploadMs: 2_000 },
          ...options,
        }),
      ),
  };
}
