import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Counts of the console. */
export interface ConsoleMetrics {
  /** @param route of the API, as in its OpenAPI document; `page` for files */
  answered(method: string, route: string, status: number, seconds: number): void;
  signIn(way: "token" | "password" | "openid", outcome: "done" | "refused" | "failed"): void;
  sessions(count: number): void;
  streams(count: number): void;
}

export function createConsoleMetrics(registry: Registry): ConsoleMetrics {
  const requests = new Counter({
    name: "metahub_console_requests_total",
    help: "Requests to the console, by method, route and the status of the answer.",
    labelNames: ["method", "route", "status"],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: "metahub_console_request_duration_seconds",
    help: "How long requests to the console took; streams of events are left out.",
    labelNames: ["route"],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
    registers: [registry],
  });
  const signIns = new Counter({
    name: "metahub_console_sign_ins_total",
    help: "Sign-ins to the console, by way and outcome.",
    labelNames: ["way", "outcome"],
    registers: [registry],
  });
  const sessions = new Gauge({
    name: "metahub_console_sessions",
    help: "People's sessions that the console holds.",
    registers: [registry],
  });
  const streams = new Gauge({
    name: "metahub_console_event_streams",
    help: "Streams of events that pages hold open.",
    registers: [registry],
  });
  return {
    answered: (method, route, status, duration) => {
      requests.inc({ method, route, status: String(status) });
      if (route !== "/events") seconds.observe({ route }, duration);
    },
    signIn: (way, outcome) => signIns.inc({ way, outcome }),
    sessions: (count) => sessions.set(count),
    streams: (count) => streams.set(count),
  };
}
