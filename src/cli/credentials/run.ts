import { ApiError } from "../../api/error.ts";
import { type MachineCredentialSpec, usernameOf } from "../../api/machine-credential.ts";
import { idOf } from "../../identity/credentials.ts";
import {
  type CredentialFolder,
  createCredential,
  type MadeCredential,
  revokeCredential,
  rotateCredential,
  toTime,
} from "../../identity/keep.ts";
import { listCredentials } from "../../identity/listing.ts";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { Given } from "../input/given.ts";
import { terminalOf } from "../terminal/terminal.ts";
import { safeText } from "../terminal/text.ts";
import { basicHeader, clientLines } from "./lines.ts";
import { credentialJson, credentialTable } from "./table.ts";

/** A DNS name, an IPv4 address or an IPv6 address in brackets, with or without a port. */
const serverForm = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** `metahub credentials create`. @throws UsageError, ApiError, IdentityError, ManifestError */
export async function create(name: string, options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const server = serverOf(given);
  const folder = folderOf(given, context);
  const spec = { ...viewOf(given), ...restOf(given), ...expiryOf(given, folder.now) };
  const made = await createCredential({ name, spec, file: given.text("file") }, folder).catch((error: unknown) => {
    // The flags are all that is held to the rules of a credential here.
    throw error instanceof ApiError ? new UsageError(error.message) : error;
  });
  print(made, server, given, context, {});
  return 0;
}

/** `metahub credentials rotate`. @throws UsageError, ApiError, IdentityError, ManifestError */
export async function rotate(name: string, options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const server = serverOf(given);
  const folder = folderOf(given, context);
  const { expires } = expiryOf(given, folder.now);
  const overlapMs = given.number("overlap") ?? 0;
  const { formerEnds, ...made } = await rotateCredential({ name, overlapMs, expires }, folder);
  print(made, server, given, context, { former: name, formerEnds });
  return 0;
}

/** `metahub credentials revoke`. @throws IdentityError, ManifestError */
export async function revoke(name: string, options: unknown, context: CommandContext): Promise<ExitCode> {
  const { file, before, others } = await revokeCredential(name, folderOf(new Given(options), context));
  const lines = [before ? `${name} was revoked before (${file})` : `${name} is revoked (${file})`];
  if (others.length > 0) lines.push(`the same user name still has: ${others.join(", ")}`);
  context.stdout.write(`${lines.map(safeText).join("\n")}\n`);
  return 0;
}

/** `metahub credentials list`. @throws IdentityError, ManifestError */
export async function list(options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const credentials = await listCredentials(folderOf(given, context));
  const json = given.choice("output", ["table", "json"]) === "json";
  const text = json
    ? JSON.stringify(credentialJson(credentials), null, 2)
    : credentialTable(credentials, terminalOf(context));
  context.stdout.write(`${text}\n`);
  return 0;
}

function folderOf(given: Given, { signal }: CommandContext): CredentialFolder {
  return { folder: given.text("inventory") ?? "", now: new Date(), signal };
}

function viewOf(given: Given): Pick<MachineCredentialSpec, "machineType" | "unfiltered"> {
  const machineType = given.text("machineType");
  const unfiltered = given.flag("unfiltered");
  if ((machineType !== undefined) === unfiltered) {
    throw new UsageError("say what clients see: --machine-type NAME, or --unfiltered");
  }
  return machineType === undefined ? { unfiltered } : { machineType };
}

function restOf(given: Given): Pick<MachineCredentialSpec, "username" | "repositories"> {
  const username = given.text("username");
  const repositories = given.texts("repository");
  return { ...(username === undefined ? {} : { username }), ...(repositories.length === 0 ? {} : { repositories }) };
}

function expiryOf(given: Given, now: Date): Pick<MachineCredentialSpec, "expires"> {
  const ms = given.number("expires");
  return ms === undefined ? {} : { expires: toTime(new Date(now.getTime() + ms)) };
}

function serverOf(given: Given): string {
  const server = given.text("server") ?? "";
  if (!serverForm.test(server))
    throw new UsageError(`--server ${server}: a host was expected, e.g. hub.example.com:5000`);
  return server;
}

/** The only place that shows a secret. */
function print(
  { credential, secret, file }: MadeCredential,
  server: string,
  given: Given,
  { stdout }: CommandContext,
  former: { readonly former?: string; readonly formerEnds?: string },
): void {
  const username = usernameOf(credential);
  if (given.choice("output", ["text", "json"]) === "json") {
    const { secretHash: _, ...spec } = credential.spec;
    const authorization = basicHeader({ username, secret });
    const answer = { name: idOf(credential), ...spec, username, file, server, secret, authorization, ...former };
    stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    return;
  }
  const about = [`${safeText(file)} holds ${idOf(credential)}, and of the secret its hash alone.`];
  if (former.formerEnds !== undefined) about.push(`${former.former} counts until ${former.formerEnds}.`);
  about.push("The secret, which is shown this once:", "", `  ${secret}`, "");
  stdout.write(`${about.join("\n")}\n${clientLines({ username, secret, server })}\n`);
}
