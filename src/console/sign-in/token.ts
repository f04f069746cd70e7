import { z } from "zod";
import type { ClusterAccess } from "../../kubernetes/access/access.ts";
import { KubernetesClient } from "../../kubernetes/client/client.ts";
import { isKubernetesError } from "../../kubernetes/error.ts";
import { version } from "../../process/version.ts";
import { SignInError } from "./error.ts";

/** Who somebody is to the API server. */
export interface Reviewed {
  readonly name: string;
  readonly groups: readonly string[];
}

const resource = { group: "authentication.k8s.io", version: "v1", plural: "selfsubjectreviews", namespaced: false };
/** RFC 6750: what a bearer token is made of. */
const tokenForm = /^[\w.~+/=-]{1,16384}$/;
const review = z.object({
  status: z.object({
    userInfo: z.object({ username: z.string().min(1), groups: z.array(z.string()).default([]) }),
  }),
});
/** Groups that are kept and shown; a token of a large company can name thousands. */
const mostGroups = 256;
const answerMs = 15_000;

/**
 * Asks the API server who it takes the holder of a token for (SelfSubjectReview, KEP-3325), with that token alone.
 * @param address of the API server, without anybody's credentials
 * @throws SignInError REFUSED where it does not count; KubernetesError where it cannot be asked
 */
export async function reviewToken(address: ClusterAccess, token: string, signal: AbortSignal): Promise<Reviewed> {
  if (!tokenForm.test(token)) throw new SignInError("REFUSED", "this is no token");
  const access = { ...address, user: { token }, origin: "the token of whoever signs in" };
  const client = new KubernetesClient({ access, userAgent: `metahub/${version}` });
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  try {
    const { status } = await client.create({ resource }, body, {
      signal,
      timeoutMs: answerMs,
      parse: (value) => review.parse(value),
    });
    const { username, groups } = status.userInfo;
    // Where anonymous requests are answered, a token that is none must not sign anybody in as nobody.
    if (username === "system:anonymous") throw new SignInError("REFUSED", "the API server does not know this token");
    return { name: username, groups: groups.slice(0, mostGroups) };
  } catch (error) {
    if (!isKubernetesError(error, "UNAUTHORIZED", "FORBIDDEN")) throw error;
    throw new SignInError("REFUSED", "the API server does not accept this token", { cause: error });
  } finally {
    await client.close();
  }
}

/**
 * When a token ends, by its own word; undefined where it does not say. Not verified: the API server judges each request,
 * and this only tells the person in time.
 */
export function endOfToken(token: string): Date | undefined {
  const [, payload, , ...more] = token.split(".");
  if (payload === undefined || more.length > 0) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const read = z.object({ exp: z.number().positive().max(1e11) }).safeParse(claims);
    return read.success ? new Date(read.data.exp * 1_000) : undefined;
  } catch {
    // A token that is no JWT is as good as any.
    return undefined;
  }
}
