import { type Command, Option } from "commander";
import type { ImageOptions } from "../../images/connect.ts";
import { type Given, gather } from "./given.ts";

export function addImageOptions(command: Command): Command {
  return command
    .option("--plain-http", "speak plain HTTP to the registries of these images")
    .option(
      "--creds <user[:password]>",
      "instead of the docker config; without a password it is read from standard input",
    )
    .addOption(
      new Option(
        "--mirror <host=url>",
        "ask the URL instead of the registry, e.g. docker.io=https://mirror.example.com",
      ).argParser(gather),
    )
    .option("--registry-ca-file <file>", "further certificate authorities of registries (PEM)");
}

export function imageOptions(given: Given): ImageOptions {
  return {
    plainHttp: given.flag("plainHttp"),
    creds: given.text("creds"),
    mirrors: given.texts("mirror"),
    registryCaFile: given.text("registryCaFile"),
  };
}
