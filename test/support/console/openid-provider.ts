import { once } from "node:events";
import { writeFile } from "node:fs/promises";
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
  /** From now on nothing is renewed. */
  revoked: boolean;
  /** Names of the endpoints' successes: `authorization`, `grant`. */
  readonly told: string[];
  close(): Promise<void>;
}

/**
 * A real OpenID provider that signs in `account` without a question. Its ID tokens last for 30 seconds, so that each
 * request renews them.
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
  const server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
    if (request.url?.startsWith("/sign-in") === true) {
      void provider.interactionFinished(request, response, { login: { accountId: made.account } });
    } else if (made.revoked && request.url === "/token") {
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
    revoked: false,
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
