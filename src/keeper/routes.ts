/** The routes that `metahub webhook` serves, by the names that the chart gives to the webhooks which call them. */
const routes: ReadonlyMap<string, string> = new Map([
  ["pods.metahub.dev", "/mutate/pods"],
  ["namespaces.metahub.dev", "/mutate/pods"],
  ["bindings.metahub.dev", "/validate/bindings"],
  ["namespaces.bindings.metahub.dev", "/validate/bindings"],
  ["labelled.bindings.metahub.dev", "/validate/bindings/labelled"],
]);

/** Undefined for a webhook that is none of MetaHub's. */
export function routeOf(webhook: string): string | undefined {
  return routes.get(webhook);
}
