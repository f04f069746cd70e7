import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../../contract/parts.ts";
import type { Session, SignIn } from "../../contract/session.ts";
import { problemOf } from "../api/problem.ts";
import { Mark } from "../frame.tsx";
import { Button } from "../parts/button.tsx";
import { Field } from "../parts/field.tsx";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { tellDrawn } from "../parts/page.tsx";
import { keepAskedPlace } from "../state/asked-place.ts";
import { api } from "../state/console.ts";
import { useRoute } from "../state/route.ts";

interface SignInProps {
  readonly ways: Extract<Session, { signedIn: false }>["ways"];
  readonly ended: string | undefined;
  readonly onSession: (session: Session) => void;
}

/** The words of the address that the console sends the browser back with (http/session-api.ts). */
const outcomes = new Map(
  Object.entries({
    refused:
      "You are not signed in: the sign-in was given up, or the cluster does not know your account. Try again, or ask whoever runs the cluster.",
    failed: "You are not signed in: your company's sign-in does not answer as it should. Try again in a moment.",
    expired: "You are not signed in: it took too long, or was begun in another browser. Begin again.",
  }),
);

export function SignInPage({ ways, ended, onSession }: SignInProps) {
  const { query } = useRoute();
  const outcome = outcomes.get(query.get("openid") ?? "");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = "Sign in · MetaHub";
    heading.current?.focus();
    tellDrawn();
  }, []);
  const send = async (signIn: SignIn): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      onSession(await api.send<Session>("POST", "/session", signIn));
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="alone">
      <div class="bigmark">
        <Mark />
      </div>
      <h1 ref={heading} tabIndex={-1}>
        Sign in to MetaHub
      </h1>
      {ended === undefined ? null : (
        <Notice tone="plain" role="status">
          {ended}
        </Notice>
      )}
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      {problem !== undefined || outcome === undefined ? null : (
        <Notice tone="warn" role="alert">
          {outcome}
        </Notice>
      )}
      {ways.includes("openid") ? (
        <p>
          <a class="button main full" href="/openid/start" onClick={keepAskedPlace}>
            Sign in with your company's account
          </a>
        </p>
      ) : null}
      {ways.length > 1 && ways.includes("openid") ? <p class="or">or</p> : null}
      {ways.includes("password") ? <PasswordForm busy={busy} send={send} /> : null}
      {ways.includes("password") && ways.includes("token") ? <p class="or">or</p> : null}
      {ways.includes("token") ? <TokenForm busy={busy} send={send} /> : null}
      {ways.length === 0 ? <Notice tone="bad">This console lets nobody in: no way to sign in is set.</Notice> : null}
    </main>
  );
}

interface FormProps {
  readonly busy: boolean;
  readonly send: (signIn: SignIn) => Promise<void>;
}

function PasswordForm({ busy, send }: FormProps) {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send({ way: "password", user, password }).finally(() => setPassword(""));
      }}
    >
      <Field label="User">
        {(wiring) => (
          <input
            {...wiring}
            value={user}
            onInput={({ currentTarget }) => setUser(currentTarget.value)}
            autocomplete="username"
            autocapitalize="none"
            maxLength={256}
            required
          />
        )}
      </Field>
      <Field label="Password">
        {(wiring) => (
          <input
            {...wiring}
            type="password"
            value={password}
            onInput={({ currentTarget }) => setPassword(currentTarget.value)}
            autocomplete="current-password"
            maxLength={1024}
            required
          />
        )}
      </Field>
      <Button type="submit" look="main" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}

function TokenForm({ busy, send }: FormProps) {
  const [token, setToken] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send({ way: "token", token: token.trim() }).finally(() => setToken(""));
      }}
    >
      <Field
        label="Token"
        hint={
          <>
            Of your account of the cluster, or of a service account: <code>kubectl create token NAME</code>
          </>
        }
      >
        {(wiring) => (
          <input
            {...wiring}
            type="password"
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
            autocomplete="off"
            spellcheck={false}
            maxLength={16_384}
            required
          />
        )}
      </Field>
      <Button type="submit" look="main" busy={busy}>
        Sign in with the token
      </Button>
    </form>
  );
}
