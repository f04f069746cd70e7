import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import Provider, { type GrantContext } from "oidc-provider";
import { createAuthority } from "../../cluster/pki.ts";
import { freePorts } from "../../cluster/ports.ts";

export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** PEM, and the file that holds it. */
  readonly authority: string;
  readonly authorityFile: string;
  /** Who signs in next. */
  account: string;
  /** Whether people are asked by a page with the buttons `Continue` and `Refuse`. */
  asks: boolean;
  /** From now on nothing is renewed. */
  revoked: boolean;
  /** From now on no token is given: the provider fails. */
  failing: boolean;
  /** Names of the endpoints' successes: `authorization`, `grant`. */
  readonly told: string[];
  close(): Promise<void>;
}

const question = `<!doctype html><title>The company</title><h1>The company</h1>
<form method="post" action="/sign-in"><button>Continue</button><button formaction="/sign-in?refuse=1">Refuse</button></form>`;

/**
 * A real OpenID provider that signs in `account`, without a question unless told otherwise. Its ID tokens last for 30
 * seconds, so that each request renews them.
 */
export async function startProvider(folder: string, redirectUri: string): Promise<TestProvider> {
  const [port = 0] = await freePorts(1);
  const issuer = `https://localhost:${port}`;
  const [clientId, clientSecret] = ["metahub-console", "client-secret-of-the-console"];
  const authority = await createAuthority();
  const pair = await authority.issue({ commonName: "localhost", server: true, hosts: ["localhost"] });
  const authorityFile = join(folder, "provider.crt");
  await writeFile(authorityFile, authority.certificate);
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code", "refresh_token"],
      },
    ],
    cookies: { keys: ["a key of the test"] },
    claims: { openid: ["sub"], groups: ["groups"] },
    // The API server reads claims in the ID token alone.
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, groups: [`team-${id}`] }),
    }),
    features: { devInteractions: { enabled: false } },
    interactions: { url: () => "/sign-in" },
    issueRefreshToken: () => !made.revoked,
    rotateRefreshToken: true,
    loadExistingGrant: async ({ oidc }: GrantContext) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid groups");
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    ttl: {
      IdToken: 30,
      AccessToken: 60,
      AuthorizationCode: 60,
      RefreshToken: 3_600,
      Session: 3_600,
      Grant: 3_600,
      Interaction: 60,
    },
  });
  const answer = provider.callback();
  const interact = (request: IncomingMessage, response: ServerResponse): void => {
    if (made.asks && request.method === "GET") {
      response.setHeader("content-type", "text/html").end(question);
      return;
    }
    const refused = request.url?.endsWith("?refuse=1") === true;
    const result = refused ? { error: "access_denied" } : { login: { accountId: made.account } };
    void provider.interactionFinished(request, response, result);
  };
  const server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
    if (request.url?.startsWith("/sign-in") === true) {
      interact(request, response);
    } else if (made.failing && request.url === "/token") response.writeHead(503).end();
    else if (made.revoked && request.url === "/token") {
      response.writeHead(400, { "content-type": "application/json" }).end('{"error":"invalid_grant"}');
    } else answer(request, response);
  });
  const told: string[] = [];
  for (const event of ["authorization.success", "grant.success"]) provider.on(event, () => told.push(event));
  const made: TestProvider = {
    issuer,
    clientId,
    clientSecret,
    authority: authority.certificate,
    authorityFile,
    account: "anna",
    asks: false,
    revoked: false,
    failing: false,
    told,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return made;
}
