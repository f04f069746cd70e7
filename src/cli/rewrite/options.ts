/** The forms in which `metahub rewrite` prints. */
export const rewriteOutputs = ["yaml", "json", "diff"] as const;
export const imageForms = ["digest", "tagAndDigest"] as const;
export const booleans = ["true", "false"] as const;
