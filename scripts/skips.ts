import ts from "typescript";

/** A test that is left out without a reason. */
export interface Unreasoned {
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

/** Functions of vitest that declare tests. */
const declaring = new Set(["bench", "describe", "it", "suite", "test"]);
/** Ways to leave tests out that take no reason. */
const mute = new Set(["skip", "skipIf", "runIf", "todo"]);

const instead = 'say why: describeWith(…) of test/support/describe-with.ts, or skip(condition, "reason") in the test';

/**
 * Finds the tests of a file that may be left out without saying why. What takes no reason is refused: `test.skip`,
 * `describe.skipIf`, `runIf`, `todo`, and the options `skip` and `todo`. The test's own `skip` must be given one: a text,
 * or a variable called `reason`.
 */
export function unreasonedSkips(path: string, text: string): readonly Unreasoned[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const declarers = new Set([...declaring, ...aliases(file)]);
  const found: Unreasoned[] = [];
  const visit = (node: ts.Node): void => {
    const problem = problemOf(node, declarers);
    if (problem !== undefined)
      found.push({ line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1, problem });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Local names of what is imported from vitest under another name. */
function aliases(file: ts.SourceFile): readonly string[] {
  return file.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
    const bindings = statement.importClause?.namedBindings;
    if (statement.moduleSpecifier.text !== "vitest" || bindings === undefined || !ts.isNamedImports(bindings))
      return [];
    return bindings.elements
      .filter(({ propertyName }) => propertyName !== undefined && declaring.has(propertyName.text))
      .map(({ name }) => name.text);
  });
}

function problemOf(node: ts.Node, declarers: ReadonlySet<string>): string | undefined {
  if (ts.isPropertyAccessExpression(node) && mute.has(node.name.text) && declarers.has(rootOf(node)))
    return `${node.getText().replace(/\s+/g, "")} takes no reason; ${instead}`;
  if (!ts.isCallExpression(node)) return undefined;
  if (declarers.has(rootOf(node.expression))) return optionProblem(node);
  return isOwnSkip(node.expression) && !isReason(node.arguments.at(-1))
    ? `skip without a reason; ${instead}`
    : undefined;
}

/** `test` of `test.concurrent.each(…)("…", …)`. */
function rootOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)) return rootOf(node.expression);
  return "";
}

/** The options of a test, `{ skip: true }`. */
function optionProblem({ arguments: given }: ts.CallExpression): string | undefined {
  for (const options of given.filter(ts.isObjectLiteralExpression)) {
    const names = options.properties.map(({ name }) => name?.getText() ?? "");
    const option = names.find((name) => name === "skip" || name === "todo");
    if (option !== undefined) return `the option ${option} takes no reason; ${instead}`;
  }
  return undefined;
}

/** `skip(…)` and `context.skip(…)`: vitest hands it to the test. */
function isOwnSkip(called: ts.Expression): boolean {
  if (ts.isIdentifier(called)) return called.text === "skip";
  return ts.isPropertyAccessExpression(called) && called.name.text === "skip";
}

function isReason(argument: ts.Expression | undefined): boolean {
  if (argument === undefined) return false;
  if (ts.isStringLiteralLike(argument)) return argument.text.trim() !== "";
  return ts.isTemplateExpression(argument) || (ts.isIdentifier(argument) && argument.text === "reason");
}
