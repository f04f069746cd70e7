import { open } from "node:fs/promises";
import { fileReason } from "../../process/file-reason.ts";
import { Turns } from "../../time/turns.ts";
import { SignInError } from "./error.ts";
import { isPassword, nobodysHash, type PasswordHash, parsePasswordHash } from "./password.ts";

/** Bytes of a users file: some thousands of lines. */
const maxFile = 1_048_576;
/** Hashes at once: each takes a core and 32 MiB or more. */
const atOnce = 2;

/**
 * People of a users file: a line `NAME:HASH` each, as `metahub console password` prints it; # begins a comment. Read
 * at each sign-in and at each look for who may stay, so that a line that was taken out or changed counts no more.
 */
export class Users {
  readonly #file: string;
  readonly #turns = new Turns(atOnce);

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws SignInError USERS_FILE where it cannot be read, or a line is something else */
  async read(): Promise<ReadonlyMap<string, PasswordHash>> {
    return parseUsers(await this.#text(), this.#file);
  }

  /**
   * The hash of the user's password, if that is it. A user that there is not costs as much time as one with the usual
   * hash.
   * @throws SignInError USERS_FILE
   */
  async verify(user: string, password: string, signal: AbortSignal): Promise<PasswordHash | undefined> {
    const known = (await this.read()).get(user);
    const isIt = await this.#turns.run(signal, () => isPassword(password, known ?? nobodysHash));
    return isIt ? known : undefined;
  }

  async #text(): Promise<string> {
    try {
      const file = await open(this.#file, "r");
      try {
        const buffer = Buffer.alloc(maxFile + 1);
        const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
        if (bytesRead > maxFile) throw new SignInError("USERS_FILE", `${this.#file}: larger than 1 MiB`);
        return buffer.toString("utf8", 0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (cause) {
      if (cause instanceof SignInError) throw cause;
      throw new SignInError("USERS_FILE", `${this.#file}: ${fileReason(cause)}`, { cause });
    }
  }
}

/** Names that a user may have: it is shown, and written into logs. */
export const userName = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;

/** @throws SignInError USERS_FILE with the number of the line, and never its text */
export function parseUsers(text: string, file: string): ReadonlyMap<string, PasswordHash> {
  const users = new Map<string, PasswordHash>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    const hash = parsePasswordHash(line.slice(colon + 1).trim());
    const where = `${file}, line ${index + 1}`;
    if (!userName.test(name) || hash === undefined) {
      throw new SignInError("USERS_FILE", `${where}: expected NAME:HASH, as metahub console password prints it`);
    }
    if (users.has(name)) throw new SignInError("USERS_FILE", `${where}: this user is there already`);
    users.set(name, hash);
  }
  return users;
}
