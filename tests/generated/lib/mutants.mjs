// Small faults in emitted JavaScript, one at a time, each as a pair of lines: what stood there and what stands there now.
import ts from 'typescript-5.9';

const swaps = {
  '===': '!==', '!==': '===', '<': '<=', '<=': '<', '>': '>=', '>=': '>', '&&': '||', '||': '&&', '+': '-', '-': '+', '*': '/', '/': '*', '+=': '-=', '-=': '+=', '??': '&&',
};

/** All mutants of a module: `[{ kind, from, to }]`. */
export function mutantsOf(javascript) {
  const file = ts.createSourceFile('x.mjs', javascript, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const found = new Map();
  const add = (kind, start, end, text) => {
    const lineStart = javascript.lastIndexOf('\n', start - 1) + 1;
    const lineEnd = javascript.indexOf('\n', start);
    if (end > lineEnd) return; // only faults within one line
    const from = javascript.slice(lineStart, lineEnd);
    const to = javascript.slice(lineStart, start) + text + javascript.slice(end, lineEnd);
    if (from !== to) found.set(`${from}\n${to}`, { kind, from, to });
  };
  const visit = (node) => {
    if (ts.isBinaryExpression(node)) {
      const operator = node.operatorToken.getText(file);
      if (swaps[operator]) add(`${operator} becomes ${swaps[operator]}`, node.operatorToken.getStart(file), node.operatorToken.end, swaps[operator]);
    } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) add('! is gone', node.getStart(file), node.operand.getStart(file), '');
    else if (node.kind === ts.SyntaxKind.TrueKeyword) add('true becomes false', node.getStart(file), node.end, 'false');
    else if (node.kind === ts.SyntaxKind.FalseKeyword) add('false becomes true', node.getStart(file), node.end, 'true');
    else if (ts.isNumericLiteral(node)) add('a number grows by one', node.getStart(file), node.end, String(Number(node.text.replaceAll('_', '')) + 1));
    else if (ts.isPostfixUnaryExpression(node)) add('++ and -- change places', node.operand.end, node.end, node.operator === ts.SyntaxKind.PlusPlusToken ? '--' : '++');
    else if (ts.isIfStatement(node)) {
      add('a condition is always true', node.expression.getStart(file), node.expression.end, 'true');
      add('a condition is always false', node.expression.getStart(file), node.expression.end, 'false');
    } else if (ts.isExpressionStatement(node) && !ts.isStringLiteral(node.expression)) add('a statement is gone', node.getStart(file), node.end, ';');
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...found.values()];
}
