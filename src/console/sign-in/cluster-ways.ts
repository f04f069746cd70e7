import type { ClusterAccess } from "../../kubernetes/access/access.ts";
import { isKubernetesError } from "../../kubernetes/error.ts";
import type { Clock } from "../../time/clock.ts";
import type { Person } from "../backend.ts";
import type { SignedInBackend } from "../data/data.ts";
import type { SignedIn } from "../sessions/sessions.ts";
import { SignInError } from "./error.ts";
import type { IdToken, OpenId } from "./openid.ts";
import { endOfToken, reviewToken } from "./token.ts";
import type { SignInWays } from "./ways.ts";

export interface ClusterWaysOptions {
  /** The API server, without anybody's credentials. */
  readonly address: ClusterAccess;
  readonly openid?: Pick<OpenId, "start" | "finish" | "refresh"> | undefined;
  readonly backend: (person: Person) => SignedInBackend;
  readonly clock: Clock;
}

/** A token this close to its end is renewed before it is used, ms: the request must still arrive. */
const renewMs = 60_000;

/** Signs in whom the API server knows, by their own token. */
export function clusterWays({ address, openid, backend, clock }: ClusterWaysOptions): SignInWays {
  const ofToken = async (token: string, signal: AbortSignal): Promise<SignedIn> => {
    const person: Person = { kind: "token", ...(await reviewToken(address, token, signal)), token };
    return { person, backend: backend(person), until: endOfToken(token) };
  };
  return {
    ways: openid === undefined ? ["token"] : ["openid", "token"],
    signIn: async (how, signal) => {
      if (how.way === "token") return await ofToken(how.token.trim(), signal);
      throw new SignInError("REFUSED", "there are no passwords here");
    },
    staying: () => Promise.resolve(() => true),
    ...(openid === undefined
      ? {}
      : {
          openid: {
            start: () => openid.start(),
            finish: async (query, cookie, signal) => {
              const first = await openid.finish(query, cookie);
              const reviewed = await reviewToken(address, first.idToken, signal);
              const renewed = new RenewedToken(first, openid, clock);
              const person: Person = {
                kind: "token",
                ...reviewed,
                get token() {
                  return renewed.idToken;
                },
              };
              const until = first.refreshToken === undefined ? { until: first.ends } : {};
              return { person, backend: backend(person), refresh: () => renewed.refresh(), ...until };
            },
          },
        }),
  };
}

/** An ID token that is renewed before it ends, where the provider gave something to renew it with. */
class RenewedToken {
  readonly #openid: Pick<OpenId, "refresh">;
  readonly #clock: Clock;
  #token: IdToken;
  #renewing: Promise<void> | undefined;

  constructor(token: IdToken, openid: Pick<OpenId, "refresh">, clock: Clock) {
    this.#token = token;
    this.#openid = openid;
    this.#clock = clock;
  }

  get idToken(): string {
    return this.#token.idToken;
  }

  /** One renewal serves all requests that wait for it. @throws SignInError */
  async refresh(): Promise<void> {
    const { refreshToken, ends } = this.#token;
    if (refreshToken === undefined || ends.getTime() - this.#clock.wall().getTime() > renewMs) return;
    this.#renewing ??= this.#renew(refreshToken).finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  async #renew(refreshToken: string): Promise<void> {
    try {
      this.#token = await this.#openid.refresh(refreshToken);
    } catch (error) {
      const over = this.#token.ends.getTime() <= this.#clock.wall().getTime();
      // A provider that is away for a moment ends nobody's session while the token still counts.
      if (over || (error instanceof SignInError && error.code === "REFUSED")) throw error;
    }
  }
}

/** Whether the failure says that what somebody signed in with counts no more. */
export function isOver(error: unknown): boolean {
  return isKubernetesError(error, "UNAUTHORIZED") || (error instanceof SignInError && error.code === "REFUSED");
}
