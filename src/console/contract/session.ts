import { z } from "zod";

/** How people can sign in here. */
export const signInWay = z.enum(["token", "password", "openid"]);

const verb = z.enum(["list", "watch", "create", "update", "delete"]);

/** POST /api/v1/session. For `openid` the browser goes to /openid/start instead. */
export const signIn = z.discriminatedUnion("way", [
  z.object({ way: z.literal("token"), token: z.string().min(1).max(16_384) }).strict(),
  z
    .object({ way: z.literal("password"), user: z.string().min(1).max(256), password: z.string().min(1).max(1024) })
    .strict(),
]);

/** GET /api/v1/session, and the answer to POST. Signed out it is 200, too: the page asks first. */
export const session = z.discriminatedUnion("signedIn", [
  z.object({ signedIn: z.literal(false), ways: z.array(signInWay) }),
  z.object({
    signedIn: z.literal(true),
    user: z.string(),
    groups: z.array(z.string()),
    /** Where what is shown lives. */
    place: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("cluster") }),
      z.object({ kind: z.literal("folder"), writable: z.boolean() }),
    ]),
    /** Verbs that the person may use; hints for the page: each request is judged by itself. */
    may: z.object({
      machineTypes: z.array(verb),
      manifestLists: z.array(verb),
      nodes: z.array(verb),
      pods: z.array(verb),
      /** Where credentials are kept, and what may be done with them there; undefined where no namespace is set. */
      credentials: z.object({ namespace: z.string().optional(), verbs: z.array(verb) }),
    }),
    /** When this session ends whatever is done. RFC 3339. */
    ends: z.string(),
    /** Where nobody uses it for so long, it ends before. */
    idleSeconds: z.number().int(),
    /** To be sent as X-MetaHub-CSRF with each request that changes something. */
    csrf: z.string(),
    /** The registry's address for the ready lines of credentials; absent where none is set. */
    registry: z.string().optional(),
  }),
]);
export type Session = z.infer<typeof session>;
export type SignIn = z.infer<typeof signIn>;
