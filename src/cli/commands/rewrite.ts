import { type Command, Option } from "commander";
import { profileLabel } from "../../api/node-labels.ts";
import { acceleratorsAnnotation, noMatchAnnotation, strategyAnnotation } from "../../api/pod-keys.ts";
import type { CommandContext, ExitCode } from "../../process/context.ts";
import { gather } from "../input/given.ts";
import { addImageOptions } from "../input/image-options.ts";
import { addListOptions } from "../input/list-options.ts";
import { booleans, imageForms, rewriteOutputs } from "../rewrite/options.ts";

export function addRewriteCommand(program: Command, context: CommandContext, done: (code: ExitCode) => void): void {
  const command = program
    .command("rewrite")
    .description("Print Pods and Pod templates with the builds that admission would give them, without a cluster.")
    .addOption(
      new Option("-f, --filename <path>", "a file, a folder or - (standard input); may be repeated")
        .argParser(gather)
        .makeOptionMandatory(),
    )
    .addOption(new Option("-o, --output <form>", "what is printed").choices(rewriteOutputs).default("yaml"))
    .addOption(
      new Option("--image-form <form>", "how a rewritten reference is written").choices(imageForms).default("digest"),
    )
    .addOption(
      new Option("--at-binding <boolean>", "whether the cluster also chooses when a Pod is bound to its node")
        .choices(booleans)
        .default("true"),
    )
    .option("--kubeconfig <file>", "the cluster, where -f has no Node and no MachineType")
    .option("--context <name>", "context of the kubeconfig");
  addListOptions(command).addOption(
    new Option(
      "--list-at-binding <namespace>",
      "a namespace whose ManifestLists decide when a Pod is bound too, or *; may be repeated",
    ).argParser(gather),
  );
  addImageOptions(command)
    .addHelpText(
      "after",
      `
Nodes and MachineTypes among the files are the cluster, and are not printed.
Everything else is: Pods, and the Pod templates of Deployments, StatefulSets,
DaemonSets, Jobs, CronJobs, ReplicaSets and ReplicationControllers rewritten,
other objects untouched. What is left as written is told on standard error.

The annotations ${strategyAnnotation}, ${noMatchAnnotation} and
${acceleratorsAnnotation} of a Pod or template count as they do at admission.
A Pod with no-match: deny that admission would refuse is left as written.
A Pod with no-match: steer gets required node affinity on ${profileLabel}.
A template gets it only together with a build; otherwise that is left to the
admission of its Pods. The affinity names the profiles that nodes have now, so
rewrite your own files again, not this output, when machines change.

Exit codes: 0 done, 1 failed (a registry did not answer), 2 usage, 3 no build
fits the machines that some image can land on.

Examples:
  metahub rewrite -f pod.yaml -f nodes.yaml -o diff
  kustomize build . | metahub rewrite -f - | kubectl apply -f -`,
    )
    .action(async (options: unknown) => {
      const { rewrite } = await import("../rewrite/run.ts");
      done(await rewrite(options, context));
    });
}
