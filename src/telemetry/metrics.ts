import { Registry } from "prom-client";

/**
 * A process's metrics, which `/metrics` shows. Each room defines its own ones against it, in its metrics.ts. Label values
 * come from fixed sets, so that the number of series is bounded. Not prom-client's global registry: two servers in one
 * process count apart.
 */
export function createRegistry(): Registry {
  return new Registry();
}
