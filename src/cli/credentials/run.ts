import { ApiError } from "../../api/error.ts";
import { type MachineCredentialSpec, usernameOf } from "../../api/machine-credential.ts";
import { basicHeader, clientLines } from "../../identity/client-lines.ts";
import { idOf } from "../../identity/credentials.ts";
import {
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
import { withStore } from "./store.ts";
import { credentialJson, credentialTable } from "./table.ts";

/** A DNS name, an IPv4 address or an IPv6 address in brackets, with or without a port. */
const serverForm = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** `metahub credentials create`. @throws UsageError, ApiError, IdentityError, ManifestError */
export async function create(name: string, options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const server = serverOf(given);
  const now = new Date();
  const spec = { ...viewOf(given), ...restOf(given), ...expiryOf(given, now) };
  await withStore(given, context, async (store) => {
    const keeping = { store, now, signal: context.signal };
    const { missingMachineType, ...made } = await createCredential({ name, spec }, keeping).catch((error: unknown) => {
      // The flags are all that is held to the rules of a credential here.
      throw error instanceof ApiError ? new UsageError(error.message) : error;
    });
    if (missingMachineType !== undefined) {
      const where = store.namespace === undefined ? safeText(store.shown) : "the cluster";
      context.stderr.write(`metahub: there is no MachineType ${missingMachineType} in ${where} yet\n`);
    }
    print(made, server, given, context, {});
  });
  return 0;
}

/** `metahub credentials rotate`. @throws UsageError, ApiError, IdentityError, ManifestError */
export async function rotate(name: string, options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const server = serverOf(given);
  const now = new Date();
  const { expires } = expiryOf(given, now);
  const overlapMs = given.number("overlap") ?? 0;
  await withStore(given, context, async (store) => {
    const keeping = { store, now, signal: context.signal };
    const { formerEnds, ...made } = await rotateCredential({ name, overlapMs, expires }, keeping);
    print(made, server, given, context, { former: name, formerEnds });
  });
  return 0;
}

/** `metahub credentials revoke`. @throws IdentityError, ManifestError */
export async function revoke(name: string, options: unknown, context: CommandContext): Promise<ExitCode> {
  const { place, before, others } = await withStore(new Given(options), context, (store) =>
    revokeCredential(name, { store, now: new Date(), signal: context.signal }),
  );
  const lines = [before ? `${name} was revoked before (${place})` : `${name} is revoked (${place})`];
  if (others.length > 0) lines.push(`the same user name still has: ${others.join(", ")}`);
  context.stdout.write(`${lines.map(safeText).join("\n")}\n`);
  return 0;
}

/** `metahub credentials list`. @throws IdentityError, ManifestError */
export async function list(options: unknown, context: CommandContext): Promise<ExitCode> {
  const given = new Given(options);
  const credentials = await withStore(given, context, (store) =>
    listCredentials({ store, now: new Date(), signal: context.signal }),
  );
  const json = given.choice("output", ["table", "json"]) === "json";
  const text = json
    ? JSON.stringify(credentialJson(credentials, given.text("inventory") !== undefined), null, 2)
    : credentialTable(credentials, terminalOf(context));
  context.stdout.write(`${text}\n`);
  return 0;
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
  { credential, secret, place }: MadeCredential,
  server: string,
  given: Given,
  { stdout }: CommandContext,
  former: { readonly former?: string; readonly formerEnds?: string },
): void {
  const username = usernameOf(credential);
  if (given.choice("output", ["text", "json"]) === "json") {
    const { secretHash: _, ...spec } = credential.spec;
    const authorization = basicHeader({ username, secret });
    const answer = {
      name: idOf(credential),
      ...spec,
      username,
      ...placeJson(given, place),
      server,
      secret,
      authorization,
      ...former,
    };
    stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    return;
  }
  const about = [`${safeText(place)} holds ${idOf(credential)}, and of the secret its hash alone.`];
  if (former.formerEnds !== undefined) about.push(`${former.former} counts until ${former.formerEnds}.`);
  about.push("The secret, which is shown this once:", "", `  ${secret}`, "");
  stdout.write(`${about.join("\n")}\n${clientLines({ username, secret, server })}\n`);
}

/** A cluster's credential is found by its name. */
function placeJson(given: Given, place: string): { readonly file?: string } {
  return given.text("inventory") === undefined ? {} : { file: place };
}
