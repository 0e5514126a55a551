// The injection gate: is this output the benign one, but for the literals?
import { createContext, runInContext } from 'node:vm';
import ts from 'typescript-5.9';

// A broken emitter's output is evaluated here, not in this process's own global.
const sandbox = createContext(Object.create(null));

/**
 * The shape of the syntax tree, with every literal as one kind of node, so that only what is code counts. In the table of this name the
 * given keys are one kind of node, too: a key may be printed with or without quotes.
 */
function shapeOf(file, table, keys) {
  const parts = [];
  let inTable = false;
  const visit = (node) => {
    if (inTable && ts.isPropertyAssignment(node) && keys.has(keyText(node.name))) {
      parts.push('(Property');
      visit(node.initializer);
      parts.push(')');
      return;
    }
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === table && !inTable) {
      inTable = true;
      visit(node);
      inTable = false;
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

/** The initializer of a constant of the module. */
function initializerOf(file, constant) {
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (name.getText(file) === constant && initializer !== undefined) return initializer.getText(file);
    }
  }
  return undefined;
}

const targets = [ts.ScriptTarget.ES5, ts.ScriptTarget.ES2022];

/**
 * The own keys of each of these object literals, once evaluated as ES5 and as ES2022: `[[keys, keys] | error]`. They are compiled in one
 * go, since starting the compiler costs more than all of them; each is evaluated by itself.
 */
function ownKeysOf(initializers) {
  const text = `var all = [\n${initializers.map((each) => `function () { return Object.keys(${each}); },\n`).join('')}];`;
  const compiled = targets.map((target) => {
    const { outputText } = ts.transpileModule(text, { compilerOptions: { target, module: ts.ModuleKind.None } });
    return runInContext(`${outputText}; all;`, sandbox);
  });
  return initializers.map((_, index) => {
    try {
      return compiled.map((all) => [...all[index]()]);
    } catch (error) {
      return error;
    }
  });
}

/** The constant whose object literal has these names as keys. */
function constantOf(file, names) {
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

// Comments are counted by the scanner; the parser need not read what stands in them.
const parse = (text) =>
  ts.createSourceFile('x.ts', text, { languageVersion: ts.ScriptTarget.ES2022, jsDocParsingMode: ts.JSDocParsingMode.ParseNone }, false);

/**
 * What is wrong with each text, made for `names`, compared with `benign`, made for as many `benignNames`: a list of faults for each, empty
 * where there is none. With `table` the benign text has a constant whose keys are the names.
 */
export function examine(cases) {
  const tables = [];
  const found = cases.map(({ text, names, benign, benignNames, table }) => {
    const faults = [];
    if (/[^\n\x20-\x7e]/u.test(text)) faults.push('not ASCII');
    const file = parse(text);
    const broken = file.parseDiagnostics.length > 0;
    if (broken) faults.push('does not parse');
    const reference = referenceOf(benign, table ? benignNames : []);
    if (shapeOf(file, reference.constant, new Set(names)) !== reference.shape) faults.push('another syntax tree');
    if (commentsOf(text) !== reference.comments) faults.push('another number of comments');
    if (table) {
      const initializer = reference.constant && initializerOf(file, reference.constant);
      if (initializer === undefined) faults.push('its names are gone');
      else if (!broken) tables.push({ initializer, names, faults });
    }
    return faults;
  });
  const keys = tables.length === 0 ? [] : ownKeysOf(tables.map((each) => each.initializer));
  for (const [index, { names, faults }] of tables.entries()) {
    if (!Array.isArray(keys[index])) faults.push(`its names do not evaluate: ${String(keys[index])}`);
    else if (keys[index].some((each) => JSON.stringify(each.sort()) !== JSON.stringify([...names].sort()))) faults.push('other own keys');
  }
  return found;
}

const references = new Map();

function referenceOf(benign, names) {
  let found = references.get(benign);
  if (found === undefined) {
    if (references.size > 500) references.clear();
    const file = parse(benign);
    const constant = names.length === 0 ? undefined : constantOf(file, names);
    found = { shape: shapeOf(file, constant, new Set(names)), comments: commentsOf(benign), constant };
    references.set(benign, found);
  }
  return found;
}
