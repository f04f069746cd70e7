import { createProgress } from "../cluster/progress.ts";

/** What is prepared is said on standard error: it may take minutes, the first time. */
export const progress = createProgress((line) => void process.stderr.write(`${line}\n`));
