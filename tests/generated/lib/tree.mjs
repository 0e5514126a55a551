// The injection gate: is this output the benign one, but for the literals?
import { createContext, runInContext } from 'node:vm';
import ts from 'typescript-5.9';

// A broken emitter's output is evaluated here, not in this process's own global.
const sandbox = createContext(Object.create(null));

/**
 * The shape of the syntax tree, with every literal and every name of a property of an object literal as one kind of node, so that only what
 * is code counts; a key may be printed with or without quotes.
 */
export function shapeOf(file, keys) {
  const parts = [];
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && keys.has(keyText(node.name))) {
      parts.push('(Property');
      visit(node.initializer);
      parts.push(')');
      return;
    }
    switch (node.kind) {
      case ts.SyntaxKind.StringLiteral:
      case ts.SyntaxKind.NumericLiteral:
        parts.push(ts.SyntaxKind[node.kind]);
        return;
      case ts.SyntaxKind.Identifier:
      case ts.SyntaxKind.PrivateIdentifier:
        parts.push(node.text);
        return;
      default:
    }
    if (ts.isTemplateLiteralToken(node)) parts.push(`${ts.SyntaxKind[node.kind]}:${node.text}`);
    else if (node.kind === ts.SyntaxKind.RegularExpressionLiteral) parts.push(node.text);
    parts.push(`(${String(node.kind)}`);
    ts.forEachChild(node, visit);
    parts.push(')');
  };
  visit(file);
  return parts.join(' ');
}

const keyText = (name) => (ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : undefined);

/** How many comments the text has, and what they are. */
export function commentsOf(text) {
  const scanner = ts.createScanner(ts.ScriptTarget.ES2022, false, ts.LanguageVariant.Standard, text);
  const comments = [];
  const templates = [];
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    if (token === ts.SyntaxKind.SingleLineCommentTrivia || token === ts.SyntaxKind.MultiLineCommentTrivia) comments.push(token);
    // A template's middle has to be scanned as such.
    else if (token === ts.SyntaxKind.TemplateHead) templates.push(0);
    else if (token === ts.SyntaxKind.OpenBraceToken && templates.length > 0) templates[templates.length - 1]++;
    else if (token === ts.SyntaxKind.CloseBraceToken && templates.length > 0) {
      if (templates.at(-1) > 0) templates[templates.length - 1]--;
      else if (scanner.reScanTemplateToken(false) === ts.SyntaxKind.TemplateTail) templates.pop();
    }
  }
  return comments.length;
}

/** The own keys of the object literal that holds the names, once evaluated as ES5 and as ES2022. */
export function ownKeysOf(file, constant) {
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (name.getText(file) !== constant || initializer === undefined) continue;
      const text = `return Object.keys(${initializer.getText(file)});`;
      return [ts.ScriptTarget.ES5, ts.ScriptTarget.ES2022].map((target) => {
        const { outputText } = ts.transpileModule(`function keys() { ${text} }`, { compilerOptions: { target, module: ts.ModuleKind.None } });
        return [...runInContext(`${outputText}; keys();`, sandbox)];
      });
    }
  }
  return undefined;
}

/** The constant whose object literal has these names as keys. */
export function constantOf(text, names) {
  const file = parse(text);
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      let value = initializer;
      while (value !== undefined && !ts.isObjectLiteralExpression(value)) value = value.expression ?? value.arguments?.[0];
      const keys = value?.properties.map((each) => each.name && keyText(each.name));
      if (keys && names.every((each) => keys.includes(each))) return name.getText(file);
    }
  }
  return undefined;
}

export const parse = (text) => ts.createSourceFile('x.ts', text, { languageVersion: ts.ScriptTarget.ES2022, setExternalModuleIndicator: undefined }, true);

/**
 * What is wrong with `text`, made for `names`, compared with `benign`, made for as many `benignNames`. Empty means: nothing.
 */
export function examine({ text, names, benign, benignNames, constant }) {
  const faults = [];
  if (/[^\n\x20-\x7e]/u.test(text)) faults.push('not ASCII');
  const file = parse(text);
  if (file.parseDiagnostics.length > 0) faults.push('does not parse');
  const reference = referenceOf(benign, benignNames);
  if (shapeOf(file, new Set(names)) !== reference.shape) faults.push('another syntax tree');
  if (commentsOf(text) !== reference.comments) faults.push('another number of comments');
  if (constant !== undefined) {
    let keys;
    try {
      keys = ownKeysOf(file, constant);
    } catch (error) {
      faults.push(`its names do not evaluate: ${String(error)}`);
    }
    for (const each of keys ?? []) {
      if (JSON.stringify([...each].sort()) !== JSON.stringify([...names].sort())) faults.push('other own keys');
    }
    if (keys === undefined) faults.push('its names are gone');
  }
  return faults;
}

const references = new Map();

function referenceOf(benign, names) {
  let found = references.get(benign);
  if (found === undefined) {
    if (references.size > 500) references.clear();
    found = { shape: shapeOf(parse(benign), new Set(names)), comments: commentsOf(benign) };
    references.set(benign, found);
  }
  return found;
}
