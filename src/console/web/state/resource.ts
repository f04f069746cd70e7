import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../../contract/parts.ts";
import type { Kind } from "../api/events.ts";
import { problemOf } from "../api/problem.ts";
import { useConsole } from "./console.ts";

/** An answer that follows what happens: while it is read anew, what is known stays. */
export interface Resource<T> {
  readonly data: T | undefined;
  /** Why it could not be read the last time. */
  readonly problem: Problem | undefined;
  reload(): void;
}

/** Changes come in crowds: one reading for all that come within this time. */
const gatherMs = 250;

/** Reads a path, and reads it again when one of these kinds changed. Nothing is read where the path is undefined. */
export function useResource<T>(path: string | undefined, kinds: readonly Kind[]): Resource<T> {
  const { api } = useConsole();
  const [answer, setAnswer] = useState<{ path: string; data?: T; problem?: Problem }>();
  const reading = useRef<AbortController>(undefined);
  const reload = useCallback(() => {
    reading.current?.abort();
    if (path === undefined) return;
    const control = new AbortController();
    reading.current = control;
    api.get<T>(path, control.signal).then(
      (data) => setAnswer({ path, data }),
      (error) => {
        if (control.signal.aborted) return;
        const problem = problemOf(error);
        setAnswer((before) => ({ ...(before?.path === path ? before : {}), path, problem }));
      },
    );
  }, [api, path]);
  useEffect(() => {
    reload();
    return () => reading.current?.abort();
  }, [reload]);
  useChanges(kinds, reload);
  const current = answer?.path === path ? answer : undefined;
  return { data: current?.data, problem: current?.problem, reload };
}

/** Calls `changed` when one of these kinds changed, once for a crowd of changes. */
export function useChanges(kinds: readonly Kind[], changed: () => void): void {
  const { events } = useConsole();
  const wanted = kinds.join();
  useEffect(() => {
    let timer: number | undefined;
    const end = events.listen((kind) => {
      if (kind !== "all" && !wanted.split(",").includes(kind)) return;
      timer ??= window.setTimeout(() => {
        timer = undefined;
        changed();
      }, gatherMs);
    });
    return () => {
      end();
      window.clearTimeout(timer);
    };
  }, [events, wanted, changed]);
}
