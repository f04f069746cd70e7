import { type Command, Option } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { parseDuration } from "../input/duration.ts";
import { parsePort } from "../input/numbers.ts";
import { healthPortOption, logLevelOption } from "../input/server-options.ts";

const help = `
In a cluster it has no rights of its own: people sign in with a token, or by OpenID
Connect, and each request to the API server carries their own. Over a folder they
sign in as users of a file.

Examples:
  metahub console password --user anna >> users
  metahub console --inventory ./hub --writable --users users \\
    --external-url http://localhost:8080 --port 8080 --address 127.0.0.1 --http
  metahub console --external-url https://console.example.com --tls-dir ./tls \\
    --credentials-namespace hpc --registry hub.example.com`;

export function addConsoleCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = program
    .command("console")
    .description("Serve a web page: machine types, credentials, and which machine gets which build.")
    .addHelpText("after", help)
    .helpCommand(false)
    .option("--inventory <dir>", "a folder of YAML files, in place of a cluster; watched")
    .option("--writable", "with --inventory: people may change what is in it", false)
    .option("--users <file>", "with --inventory: who may sign in; lines that metahub console password prints")
    .option(
      "--kubeconfig <file>",
      "the cluster's address and authority, and nobody's credentials; default: $KUBECONFIG, the Pod's, or ~/.kube/config",
    )
    .option("--credentials-namespace <name>", "with a cluster: where credentials of machines are kept")
    .option("--registry <host>", "the filtering registry as machines reach it, for their ready lines")
    .option("--external-url <url>", "as browsers reach it: https://console.example.com; no other host is answered")
    .addOption(new Option("--port <port>", "port of the console").default(8443).argParser(parsePort))
    .addOption(healthPortOption())
    .option("--address <address>", "address that both listen on", "0.0.0.0")
    .option("--tls-cert-file <file>", "serving certificate (PEM), read again when it changes")
    .option("--tls-key-file <file>", "its private key (PEM)")
    .option("--tls-dir <dir>", "keep a certificate authority and a certificate of its own in this folder")
    .option("--tls-host <host...>", "with --tls-dir: names and addresses in the certificate", [
      "localhost",
      "127.0.0.1",
    ])
    .option("--http", "speak plain HTTP; on a loopback address alone", false)
    .option("--http-from-anywhere", "with --http: on any address, where something before it ends TLS", false)
    .option(
      "--trusted-proxy <network...>",
      "whose X-Forwarded-For is believed, e.g. 10.0.0.0/8: addresses of failed sign-ins are counted",
      [],
    )
    .option("--openid-issuer <url>", "with a cluster: sign in by OpenID Connect; the issuer that the API server trusts")
    .option("--openid-client-id <id>", "the console's client; the API server expects it as audience")
    .option("--openid-client-secret-file <file>", "its secret; without one it is a public client, with PKCE alone")
    .option("--openid-scopes <scope...>", "what is asked for besides openid", ["profile", "email", "groups"])
    .option("--openid-ca-file <file>", "authorities of the issuer (PEM); default: those of this machine")
    .addOption(
      new Option("--session-idle <time>", "a session ends where nobody touched a page of it for so long")
        .argParser(parseDuration)
        .default(30 * 60_000, "30m"),
    )
    .addOption(
      new Option("--session-length <time>", "a session ends after so long in any case")
        .argParser(parseDuration)
        .default(12 * 3_600_000, "12h"),
    )
    .option(
      "--allow-registry <host...>",
      "registries whose images may be looked at, anonymously; `*.example.com` for its hosts, `*` for any. Default: none",
      [],
    )
    .option("--plain-http <host...>", "registries that speak plain HTTP", [])
    .option("--mirror <host=url...>", "ask the URL instead of the registry", [])
    .option("--registry-ca-file <file>", "further certificate authorities of registries (PEM)")
    .addOption(logLevelOption())
    .action(async (options: unknown) => {
      const { serveConsole } = await import("../console/run.ts");
      done(await serveConsole(options, context));
    });
  command
    .command("password")
    .description(
      "Read a password, twice from a terminal or once from standard input, and print a line of a users file.",
    )
    .requiredOption("--user <name>", "who signs in with it")
    .action(async (options: unknown) => {
      const { printUser } = await import("../console/password.ts");
      done(await printUser(options, context));
    });
  for (const sub of command.commands) sub.copyInheritedSettings(program);
}
