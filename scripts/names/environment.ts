import ts from "typescript";

/**
 * One sentence for each way by which a file could read the environment of the process: only src/main.ts does, and hands
 * it on, so that whoever reads a function sees what it depends on. The linter sees `process.env`; these are the others.
 */
export function environmentFaults(path: string, text: string): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const faults: string[] = [];
  const report = (node: ts.Node, what: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    faults.push(`${path}:${line + 1}: ${what}: the environment is read in src/main.ts and handed on`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      if (/^(node:)?process$/.test(node.moduleSpecifier.text)) report(node, "an import of process");
      return;
    }
    if (ts.isIdentifier(node) && node.text === "process" && isWhole(node)) report(node, "process handed on whole");
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
}

/** Whether the global itself is meant, and not one of its members. */
function isWhole(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression !== node && parent.name !== node;
  if (ts.isElementAccessExpression(parent)) return !ts.isStringLiteral(parent.argumentExpression);
  const names = ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent);
  return !(names && parent.name === node) && !ts.isMethodDeclaration(parent) && !ts.isTypeQueryNode(parent);
}
