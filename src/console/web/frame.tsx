import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Liveness } from "./api/events.ts";
import { problemOf } from "./api/problem.ts";
import { Button } from "./parts/button.tsx";
import { Icon } from "./parts/icon.tsx";
import { useConsole } from "./state/console.ts";
import { linkTo, useRoute } from "./state/route.ts";
import { shown } from "./text/shown.ts";

const places = [
  ["machine-types", "Machine types"],
  ["images", "Images"],
  ["nodes", "Nodes"],
  ["running", "Running"],
  ["manifest-lists", "Manifest lists"],
] as const;

interface FrameProps {
  readonly children: ComponentChildren;
  readonly onSignOut: () => Promise<void>;
}

/** The frame around each page: its name, the way to the others, and the way out. */
export function Frame({ children, onSignOut }: FrameProps) {
  const { session } = useConsole();
  const [failed, setFailed] = useState<string>();
  const [page = "machine-types"] = useRoute().parts;
  const here = page === "new-machine-type" ? "machine-types" : page;
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow screen the names of the pages are scrolled.
    nav.current?.querySelector(`[href="${linkTo([here])}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [here]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>("h1")?.focus()}>
        Skip to the page
      </button>
      <header class="top">
        <div class="topinner">
          <a class="brand" href={linkTo(["machine-types"])}>
            <Mark />
            MetaHub
          </a>
          <nav ref={nav} aria-label="Pages">
            <ul>
              {places.map(([place, name]) => (
                <li key={place}>
                  <a href={linkTo([place])} aria-current={here === place ? "page" : undefined}>
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <div class="who">
            <span class="user" title={session.user}>
              <span class="unseen">Signed in as </span>
              <bdi>{shown(session.user)}</bdi>
            </span>
            <Button
              onClick={() => {
                onSignOut().catch((error) => setFailed(problemOf(error).detail));
              }}
            >
              Sign out
            </Button>
          </div>
        </div>
      </header>
      {failed === undefined ? null : (
        <p class="failedout" role="alert">
          You are not signed out. {shown(failed)}
        </p>
      )}
      <main id="main">{children}</main>
      <Connection />
    </>
  );
}

/** Says that what is shown may be old. It lies over the page: nothing moves when it comes or goes. */
function Connection() {
  const { events, formats } = useConsole();
  const [liveness, setLiveness] = useState<Liveness>({ live: true });
  useEffect(() => events.watch(setLiveness), [events]);
  return (
    <div class="connection" role="status">
      {liveness.live ? null : (
        <p>
          <Icon name="alert" />
          <span>
            <strong>Not live.</strong> {shown(liveness.detail)} You see what was known at{" "}
            <span lang={formats.locale}>{formats.absolute(new Date(liveness.since).toISOString())}</span>.
          </span>
        </p>
      )}
    </div>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" />
      <path d="M8 23V10l8 8 8-8v13" />
    </svg>
  );
}
