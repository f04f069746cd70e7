import { request } from "undici";
import { renderTable } from "../../src/cli/terminal/table.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { type BindingSite, soon } from "../support/cluster/binding-site.ts";

/** Sums of seconds, by what was measured. */
type Sums = ReadonlyMap<string, number>;

/** Means of one binding, in milliseconds, by what was measured. */
export type Stages = Sums;

/** What is measured, by name: a metric of the API server, and what its labels contain. */
const measured: readonly (readonly [string, string, readonly string[]])[] = [
  ["POST of the binding", "apiserver_request_duration_seconds_sum", ['subresource="binding"', 'verb="POST"']],
  ["  waits for its seat", "apiserver_flowcontrol_request_wait_duration_seconds_sum", ['schema="kube-scheduler"']],
  ["  waits for the webhook", "apiserver_admission_webhook_admission_duration_seconds_sum", ['type="validating"']],
  ["    PATCH of the Pod", "apiserver_request_duration_seconds_sum", ['resource="pods"', 'verb="PATCH"']],
  ["      waits for its seat", "apiserver_flowcontrol_request_wait_duration_seconds_sum", ['schema="metahub-webhook"']],
];
const handler = "    in our handler";

export async function readStages(site: BindingSite): Promise<Sums> {
  const sums = new Map<string, number>();
  const lines = (await kubectl(site.cluster, ["get", "--raw", "/metrics"])).split("\n");
  for (const [name, metric, labels] of measured) {
    let sum = 0;
    for (const line of lines) {
      if (!line.startsWith(`${metric}{`) || !labels.every((label) => line.includes(label))) continue;
      sum += Number(line.slice(line.lastIndexOf(" ")));
    }
    sums.set(name, sum);
  }
  const { body } = await request(`${site.operator.webhook.health}/metrics`, { signal: soon() });
  let handled = 0;
  for (const [, value] of (await body.text()).matchAll(/^metahub_binding_duration_seconds_sum\{.*\} (\S+)$/gm)) {
    handled += Number(value);
  }
  return sums.set(handler, handled);
}

export function stagesBetween(from: Sums, to: Sums, count: number): Stages {
  return new Map([...to].map(([name, value]) => [name, (1_000 * (value - (from.get(name) ?? 0))) / count]));
}

export function stageTable(stages: readonly (readonly [string, Stages])[]): string {
  const names = [...measured.map(([name]) => name)];
  names.splice(3, 0, handler);
  return renderTable({
    columns: [
      { header: "STAGE" },
      ...stages.map(([mode]) => ({ header: mode.toUpperCase(), align: "right" as const })),
    ],
    rows: names.map((name) => [name, ...stages.map(([, of]) => (of.get(name) ?? 0).toFixed(0))]),
  });
}
