import { Option } from "commander";
import { logLevels } from "../../telemetry/log.ts";
import { parsePort } from "./numbers.ts";

/** `--health-port`: where every server tells of itself. */
export function healthPortOption(): Option {
  return new Option("--health-port <port>", "port of /healthz, /readyz and /metrics (HTTP)")
    .default(8081)
    .argParser(parsePort);
}

/** `--kubeconfig` of a server, which may run in a Pod. */
export function serverKubeconfigOption(): Option {
  return new Option("--kubeconfig <file>", "default: $KUBECONFIG, ~/.kube/config, or the service account of the Pod");
}

/** `--log-level` of a server. */
export function logLevelOption(): Option {
  return new Option("--log-level <level>", "what is logged to standard error, as JSON lines")
    .choices(logLevels)
    .default("info");
}
