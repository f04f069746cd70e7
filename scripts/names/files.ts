/** Names that readers outside of the repository give: GitHub, Docker, Helm, kubectl. */
const givenNames: ReadonlySet<string> = new Set([
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "LICENSE",
  "NOTICE",
  "Dockerfile",
  "Chart.yaml",
  "NOTES.txt",
  "ISSUE_TEMPLATE",
  "pull_request_template.md",
  "kubectl_complete-metahub",
]);
/** Names for whatever has no place: a file says its idea instead. */
const empty = /^(utils?|helpers|common|misc)(\.|$)/;

/** One sentence for each path of the repository that holds a name which is not kebab-case, or says nothing. */
export function nameFaults(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const parts = path.split("/");
    const odd = parts.find((part) => !givenNames.has(part) && !isKebabCase(part));
    if (odd !== undefined) return [`${path}: ${odd} is not kebab-case, as in layout-writer.ts`];
    const nothing = parts.find((part) => empty.test(part));
    return nothing === undefined ? [] : [`${path}: ${nothing} says nothing of what is in it`];
  });
}

/** Words of small letters and digits with hyphens between, and such parts with dots between. Helm begins some with `_`. */
function isKebabCase(name: string): boolean {
  return /^[._]?[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(name) || /^metahub\.dev_[a-z]+\.yaml$/.test(name);
}
