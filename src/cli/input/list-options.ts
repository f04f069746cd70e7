import { type Command, Option } from "commander";
import type { ListRules } from "../../lists/power.ts";
import { type Given, gather } from "./given.ts";

/** Powers that the operator gives to the ManifestLists of namespaces, as the webhook's flags of these names say it. */
export function addListOptions(command: Command): Command {
  return command.addOption(
    new Option(
      "--list-across-repositories <namespace>",
      "a namespace whose ManifestLists may name builds of other repositories, or *; may be repeated",
    ).argParser(gather),
  );
}

export function listOptions(given: Given): ListRules {
  return { acrossRepositories: given.texts("listAcrossRepositories"), atBinding: given.texts("listAtBinding") };
}
