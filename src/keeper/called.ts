import { isRecord } from "../json/object.ts";
import type { JsonPatchOperation } from "../kubernetes/client/requests.ts";
import { routeOf } from "./routes.ts";

/** One webhook of a configuration, as the API server calls it. */
export interface CalledWebhook {
  readonly name: string;
  /** Base64, as it is stored; undefined where there is none. */
  readonly caBundle: string | undefined;
  /** The path below a Service; undefined where there is none, or where a URL is called. */
  readonly path: string | undefined;
  /** Called by a URL, which holds its path itself and is its owner's to write. */
  readonly byUrl: boolean;
}

/** The webhooks of a configuration. None where it cannot be read as one. */
export function calledWebhooks(configuration: unknown): readonly CalledWebhook[] {
  const webhooks = isRecord(configuration) ? configuration["webhooks"] : undefined;
  return Array.isArray(webhooks) ? webhooks.map(toCalled) : [];
}

/**
 * The segment that a webhook's path begins with: empty for a path that is a route alone, undefined where the path leads
 * nowhere.
 */
export function segmentOf({ name, path }: CalledWebhook): string | undefined {
  const route = routeOf(name);
  if (route === undefined || path === undefined || !path.endsWith(route)) return undefined;
  const before = path.slice(0, path.length - route.length);
  if (before === "") return "";
  return /^\/[^/]+$/.test(before) ? before.slice(1) : undefined;
}

/** The fields that a configuration is to have. */
export interface Wanted {
  /** PEM. Absent: somebody else writes it. */
  readonly bundle?: string;
  /** Absent: paths stay as they are. */
  readonly segment?: string;
}

/** The operations that make every webhook say it; none where all do. */
export function patchOf(configuration: unknown, { bundle, segment }: Wanted): readonly JsonPatchOperation[] {
  const authority = bundle === undefined ? undefined : Buffer.from(bundle, "utf8").toString("base64");
  return calledWebhooks(configuration).flatMap((webhook, index): JsonPatchOperation[] => {
    const route = routeOf(webhook.name);
    // Somebody else's, in a configuration of ours.
    if (route === undefined) return [];
    const at = `/webhooks/${index}`;
    const operations: JsonPatchOperation[] = [];
    if (authority !== undefined && webhook.caBundle !== authority) {
      operations.push({ op: "add", path: `${at}/clientConfig/caBundle`, value: authority });
    }
    const path = segment === undefined || webhook.byUrl ? webhook.path : `/${segment}${route}`;
    if (path !== undefined && path !== webhook.path) {
      operations.push({ op: "add", path: `${at}/clientConfig/service/path`, value: path });
    }
    // Where somebody reorders the webhooks between read and patch, the test fails.
    return operations.length === 0 ? [] : [{ op: "test", path: `${at}/name`, value: webhook.name }, ...operations];
  });
}

function toCalled(webhook: unknown): CalledWebhook {
  const given = isRecord(webhook) ? webhook : {};
  const client = isRecord(given["clientConfig"]) ? given["clientConfig"] : {};
  const service = isRecord(client["service"]) ? client["service"] : undefined;
  return {
    name: textOf(given["name"]) ?? "",
    caBundle: textOf(client["caBundle"]),
    path: textOf(service?.["path"]) ?? pathOf(textOf(client["url"])),
    byUrl: service === undefined,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function pathOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : URL.parse(url)?.pathname;
}
