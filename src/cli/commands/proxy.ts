import { type Command, Option } from "commander";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { parseCount, parsePort } from "../input/numbers.ts";
import { healthPortOption, logLevelOption } from "../input/server-options.ts";

export function addProxyCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  program
    .command("proxy")
    .description("Serve a registry that gives each machine type its own build of an image name.")
    .option(
      "--inventory <dir>",
      "a folder of YAML files: Nodes, MachineTypes, MachineCredentials, a ProxyConfig; watched. Without it, a cluster's",
    )
    .option("--kubeconfig <file>", "default: $KUBECONFIG, the service account of the Pod, or ~/.kube/config")
    .option("--config <dir>", "with a cluster: a folder with a ProxyConfig; watched")
    .option("--token-keys-secret <namespace/name>", "with a cluster: the Secret of the keys that metahub keeper keeps")
    .requiredOption("--external-url <url>", "as clients reach it: https://hub.example.com; where they ask for tokens")
    .addOption(new Option("--port <port>", "port of the registry").default(5000).argParser(parsePort))
    .addOption(healthPortOption())
    .option("--address <address>", "address that both listen on", "0.0.0.0")
    .option("--tls-cert-file <file>", "serving certificate (PEM), read again when it changes")
    .option("--tls-key-file <file>", "its private key (PEM)")
    .option("--tls-secret <namespace/name>", "with a cluster: a Secret of type kubernetes.io/tls, followed")
    .option("--tls-dir <dir>", "keep a certificate authority and a certificate of its own in this folder")
    .option("--tls-host <host...>", "with --tls-dir: names and addresses in the certificate", [
      "localhost",
      "127.0.0.1",
    ])
    .option(
      "--client-ca-file <file>",
      "authorities (PEM) of client certificates, which name a machine type; read at the start",
    )
    .option("--http", "speak plain HTTP; on a loopback address alone", false)
    .option("--http-from-anywhere", "with --http: on any address, where something before it ends TLS", false)
    .option(
      "--key-file <file>",
      "with --inventory: keys that sign tokens; made if it is not there. Not in the inventory",
    )
    .option(
      "--record-file <file>",
      "indexes that were made, to be made again after a restart, and with .lists behind it what lists led to (default: beside --key-file)",
    )
    .option(
      "--record-configmap <namespace/name>",
      "with a cluster: the same in a ConfigMap and one with -lists behind its name, for several replicas",
    )
    .option(
      "--upstream <name=host...>",
      "registries behind it, and what a path begins with for each, e.g. ghcr=ghcr.io",
      [],
    )
    .option("--default-upstream <host>", "the registry of all other names; none: they are not there", "docker.io")
    .option("--plain-http <host...>", "registries that speak plain HTTP", [])
    .option("--mirror <host=url...>", "ask the URL instead of the registry", [])
    .option("--registry-ca-file <file>", "further certificate authorities of registries (PEM)")
    .option("--private-redirect-host <host...>", "hosts on private addresses to which registries may send it", [])
    .option("--docker-config <file>", "credentials for the registries, in the format of ~/.docker/config.json")
    .addOption(
      new Option("--drain <ms>", "time between SIGTERM and the end of listening, in milliseconds")
        .default(0)
        .argParser(parseCount),
    )
    .addOption(
      new Option("--finish <ms>", "time that pulls under way get to finish after that, in milliseconds")
        .default(60_000)
        .argParser(parseCount),
    )
    .addOption(logLevelOption())
    .action(async (options: unknown) => {
      const { serveProxy } = await import("../proxy/run.ts");
      done(await serveProxy(options, context));
    });
}
