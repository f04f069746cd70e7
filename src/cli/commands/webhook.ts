import { type Command, Option } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { parseCount, parsePort } from "../input/numbers.ts";
import { healthPortOption, logLevelOption, serverKubeconfigOption } from "../input/server-options.ts";

export function addWebhookCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  program
    .command("webhook")
    .description("Serve the admission webhook that rewrites Pods' image references.")
    .addOption(new Option("--port <port>", "port of the webhook (HTTPS)").default(8443).argParser(parsePort))
    .addOption(healthPortOption())
    .option("--address <address>", "address that both listen on", "0.0.0.0")
    .addOption(serverKubeconfigOption())
    .option(
      "--inventory <dir>",
      "read Nodes, MachineTypes and manifest lists from a folder of YAML files, not from a cluster",
    )
    .option("--tls-cert-file <file>", "serving certificate (PEM), read again when it changes")
    .option("--tls-key-file <file>", "its private key (PEM)")
    .option("--tls-secret <namespace/name>", "the same in a Secret, which metahub keeper or cert-manager keeps")
    .option(
      "--tls-dir <dir>",
      "keep a certificate authority, a certificate and a path segment of its own in this folder",
    )
    .option("--tls-host <host...>", "with --tls-dir: names and addresses in the certificate", [
      "localhost",
      "127.0.0.1",
    ])
    .addOption(
      new Option("--tls-min-version <version>", "oldest version of TLS that is spoken")
        .choices(["1.2", "1.3"])
        .default("1.3"),
    )
    .option("--client-ca-file <file>", "answer only clients with a certificate of these authorities (PEM)")
    .option(
      "--keys-secret <namespace/name>",
      "answer only paths that begin with a segment of this Secret, and prove notes by its keys: metahub keeper keeps them",
    )
    .option(
      "--path-segment-file <file>",
      "answer paths that begin with a segment of this file too: one a line, of 32 characters or more",
    )
    .option("--allow-registry <host...>", "registries that may be asked; `*` for any, `*.example.com` for its hosts", [
      "*",
    ])
    .option("--plain-http <host...>", "registries that speak plain HTTP", [])
    .option(
      "--mirror <host=url...>",
      "ask the URL instead of the registry, e.g. docker.io=https://mirror.example.com",
      [],
    )
    .option("--registry-ca-file <file>", "further certificate authorities of registries (PEM)")
    .option(
      "--private-redirect-host <host...>",
      "hosts on private addresses to which registries may send the webhook: storage, token servers; `*.example.com` too",
      [],
    )
    .option("--docker-config <file>", "credentials of the webhook's own, in the format of ~/.docker/config.json")
    .option(
      "--docker-config-namespace <namespace...>",
      "the namespaces whose Pods they are tried for; default: all, whose owners then learn digests of what they show",
      [],
    )
    .addOption(
      new Option("--pull-secrets <where>", "read the Pods' imagePullSecrets")
        .choices(["none", "namespaces", "cluster"])
        .default("none"),
    )
    .option("--pull-secret-namespace <namespace...>", "with --pull-secrets namespaces: those", [])
    .option("--excluded-namespace <namespace...>", "namespaces whose Pods are left alone, whoever asks about them", [])
    .addOption(
      new Option("--rewrite-mode <mode>", "optIn: only Pods labelled metahub.dev/rewrite=enabled, or so in a namespace")
        .choices(["optOut", "optIn"])
        .default("optOut"),
    )
    .option(
      "--list-across-repositories <namespace...>",
      "the namespaces whose ManifestLists may name builds of other repositories than the one they speak for; `*` for any",
      [],
    )
    .option(
      "--list-at-binding <namespace...>",
      "the namespaces whose ManifestLists decide when a Pod is bound too; `*` for any",
      [],
    )
    .addOption(
      new Option("--image-form <form>", "how a rewritten reference is written")
        .choices(["digest", "tagAndDigest"])
        .default("digest"),
    )
    .option(
      "--note-key-file <file>",
      "keys that prove the annotation metahub.dev/selection: one a line, the time from which it signs and 32 bytes in base64url; without it and --keys-secret: one that ends with this process",
    )
    .addOption(
      new Option(
        "--unproven-notes <how>",
        "restore: such annotations of Pods older than the keys tell which build is put back where it is asked for again",
      )
        .choices(["restore", "ignore"])
        .default("restore"),
    )
    .addOption(
      new Option("--deadline <ms>", "longest time for the review of a Pod, in milliseconds")
        .default(4000)
        .argParser(parseCount),
    )
    .addOption(
      new Option("--concurrency <n>", "reviews under way at once; more pass unchanged")
        .default(1024)
        .argParser(parseCount),
    )
    .addOption(
      new Option("--at-binding <boolean>", "also choose when a Pod is bound to its node")
        .choices(["true", "false"])
        .default("true"),
    )
    .addOption(
      new Option("--binding-writes <n>", "writes of Pods at binding that are under way at once; more wait")
        .default(64)
        .argParser(parseCount),
    )
    .addOption(
      new Option("--drain <ms>", "time between SIGTERM and the end of listening, in milliseconds")
        .default(0)
        .argParser(parseCount),
    )
    .addOption(logLevelOption())
    .action(async (options: unknown) => {
      const { serveWebhook } = await import("../webhook/run.ts");
      done(await serveWebhook(options, context));
    });
}
