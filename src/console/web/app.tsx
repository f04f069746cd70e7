import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { Session } from "../contract/session.ts";
import { problemOf } from "./api/problem.ts";
import { tellTouches } from "./api/touched.ts";
import { Frame } from "./frame.tsx";
import { CredentialsPage } from "./pages/credentials/page.tsx";
import { ImagesPage } from "./pages/images/page.tsx";
import { ListsPage } from "./pages/lists/page.tsx";
import { EditPage } from "./pages/machine-types/edit.tsx";
import { MachineTypesPage } from "./pages/machine-types/page.tsx";
import { NodesPage } from "./pages/nodes/page.tsx";
import { NowherePage } from "./pages/nowhere.tsx";
import { RunningPage } from "./pages/running/page.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { ProblemNotice } from "./parts/notice.tsx";
import { takeAskedPlace } from "./state/asked-place.ts";
import { api, type Console, ConsoleContext, events, formats } from "./state/console.ts";
import { forgetDrafts } from "./state/drafts.ts";
import { type Route, replaceWith, useRoute } from "./state/route.ts";

/** Browsers count no timer beyond 2^31 ms. */
const mostQuietMs = 900_000;

export function App() {
  const [session, setSession] = useState<Session>();
  const [failed, setFailed] = useState<unknown>();
  /** Why one is signed out, where one did not ask for it. */
  const [ended, setEnded] = useState<string>();

  const take = useCallback((next: Session) => {
    setFailed(undefined);
    if (next.signedIn) {
      api.use(next.csrf, next.user);
      forgetDrafts(next.user);
      setEnded(undefined);
    } else events.close();
    setSession(next);
  }, []);
  const ask = useCallback(() => api.get<Session>("/session").then(take, setFailed), [take]);
  const signedOut = useCallback(() => {
    setEnded("Your session has ended. Sign in again: what you had begun to fill in is kept in this page.");
    void ask();
  }, [ask]);

  useEffect(() => {
    api.onSignedOut = signedOut;
    events.onSignedOut = signedOut;
    events.onRefused = () => {
      api.get<Session>("/session").then(
        (next) => (next.signedIn ? undefined : signedOut()),
        () => undefined,
      );
    };
    void ask();
  }, [ask, signedOut]);

  const idleSeconds = session?.signedIn ? session.idleSeconds : undefined;
  useEffect(() => {
    if (idleSeconds === undefined) return;
    // Four times within the limit: one that is lost ends nothing.
    return tellTouches(Math.min((idleSeconds * 1_000) / 4, mostQuietMs), () => void ask());
  }, [idleSeconds, ask]);

  const user = session?.signedIn ? session.user : undefined;
  useEffect(() => {
    if (user === undefined) return;
    events.open();
    return () => events.close();
  }, [user]);

  const signOut = useCallback(async () => {
    await api.send("DELETE", "/session");
    forgetDrafts(undefined);
    api.use("", "");
    await ask();
  }, [ask]);
  const value = useMemo<Console | undefined>(
    () => (session?.signedIn ? { api, events, formats, session } : undefined),
    [session],
  );

  if (session === undefined) {
    if (failed === undefined) return null;
    return (
      <main class="alone">
        <h1>MetaHub</h1>
        <ProblemNotice problem={problemOf(failed)} />
        <p>
          <button type="button" class="button main" onClick={() => void ask()}>
            Try again
          </button>
        </p>
      </main>
    );
  }
  if (value === undefined)
    return <SignInPage ways={session.signedIn ? [] : session.ways} ended={ended} onSession={take} />;
  return (
    <ConsoleContext.Provider value={value}>
      <Frame onSignOut={signOut}>
        <Place />
      </Frame>
    </ConsoleContext.Provider>
  );
}

function Place() {
  const route = useRoute();
  const arrives = route.parts[0] === "sign-in";
  useEffect(() => {
    if (arrives) replaceWith(takeAskedPlace());
  }, [arrives]);
  return arrives ? null : pageAt(route);
}

function pageAt({ parts, query }: Route) {
  const [page = "machine-types", name, what] = parts;
  switch (page) {
    case "machine-types":
      if (name === undefined) return <MachineTypesPage />;
      if (what === "edit") return <EditPage key={name} name={name} />;
      if (what === "credentials") return <CredentialsPage key={name} machineType={name} />;
      return <NowherePage />;
    case "new-machine-type":
      return <EditPage key="" name={undefined} />;
    case "images":
      return <ImagesPage image={query.get("image") ?? ""} />;
    case "nodes":
      return <NodesPage query={query} />;
    case "running":
      return <RunningPage query={query} />;
    case "manifest-lists":
      return <ListsPage />;
    default:
      return <NowherePage />;
  }
}
