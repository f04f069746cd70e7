import { z } from "zod";
import { time } from "./parts.ts";

/** GET /api/v1/machine-types/{name}/credentials. */
export const credential = z.object({
  id: z.string(),
  username: z.string(),
  state: z.enum(["active", "expired", "revoked", "ignored"]),
  repositories: z.array(z.string()).optional(),
  expires: time.optional(),
  lastUsed: time.optional(),
  revoked: time.optional(),
});
export type CredentialView = z.infer<typeof credential>;
export const credentials = z.object({ items: z.array(credential), version: z.string() });

/** POST /api/v1/machine-types/{name}/credentials. */
export const credentialDraft = z
  .object({
    name: z.string().max(253),
    repositories: z.array(z.string().max(256)).max(64).optional(),
    expires: time.optional(),
  })
  .strict();

/** POST …/{id}:rotate. */
export const rotation = z.object({ overlapSeconds: z.number().int().min(0).max(2_592_000) }).strict();

/** The answer of both: the only one that ever holds a secret. */
export const madeCredential = z.object({
  credential,
  secret: z.string(),
  /** Ready to be pasted: docker, podman, apptainer, containerd (hosts.toml), kubelet. */
  lines: z.array(z.object({ client: z.string(), text: z.string() })),
  /** When the former one ends, after a rotation. */
  formerEnds: time.optional(),
});
export type MadeCredentialView = z.infer<typeof madeCredential>;
