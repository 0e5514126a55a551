const TOKEN =
  /(?<comment>\/\*[\s\S]*?\*\/|\/\/[^\n]*)|(?<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|(?<number>\b\d[\d_]*(?:\.\d+)?(?:e\d+)?\b)|(?<keyword>\b(?:abstract|as|async|await|break|case|catch|class|const|constructor|continue|default|do|else|export|extends|finally|for|from|function|get|if|implements|import|in|instanceof|interface|keyof|let|new|null|of|override|private|readonly|return|set|static|super|switch|this|throw|true|false|try|type|typeof|undefined|void|while|yield|satisfies|infer|is|unknown|never|number|string|boolean)\b)|(?<type>\b[A-Z]\w*\b)/gu;

/** A piece of code; `kind` is empty where there is nothing to tell it from the rest. */
interface Token {
  readonly kind: string;
  readonly text: string;
}

function tokensOf(code: string): Token[] {
  const tokens: Token[] = [];
  let last = 0;
  for (const match of code.matchAll(TOKEN)) {
    if (match.index > last) {
      tokens.push({ kind: '', text: code.slice(last, match.index) });
    }
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0];
    tokens.push({ kind: kind ?? '', text: match[0] });
    last = match.index + match[0].length;
  }
  return [...tokens, { kind: '', text: code.slice(last) }];
}

function nodeOf({ kind, text }: Token): Node {
  if (kind === '') {
    return document.createTextNode(text);
  }
  const span = document.createElement('span');
  span.className = `t-${kind}`;
  span.textContent = text;
  return span;
}

interface Line {
  readonly tokens: readonly Token[];
  /** Two lines with the same key look the same. */
  readonly key: string;
}

/** The lines of code, each with the newline at its end. */
function linesOf(code: string): Line[] {
  const lines: Line[] = [];
  let tokens: Token[] = [];
  let key = '';
  for (const { kind, text } of tokensOf(code)) {
    for (const piece of text.split(/(?<=\n)/u)) {
      tokens.push({ kind, text: piece });
      key += `${kind}\0${piece}\0`;
      if (piece.endsWith('\n')) {
        lines.push({ tokens, key });
        tokens = [];
        key = '';
      }
    }
  }
  return [...lines, { tokens, key }];
}

/** Lines that are laid out together. */
interface Block {
  readonly element: HTMLElement;
  readonly keys: readonly string[];
}

/** A browser lays out a block as a whole, so one of all lines would cost more than the plots. */
const LINES_OF_BLOCK = 32;

function blockOf(lines: readonly Line[]): Block {
  const element = document.createElement('div');
  element.append(...lines.flatMap(({ tokens }) => tokens.map(nodeOf)));
  return { element, keys: lines.map(({ key }) => key) };
}

/** TypeScript in an element, as spans with a class each; the element's text is the code, character for character. */
export class Highlighted {
  readonly #element: Element;
  #blocks: readonly Block[] = [];

  constructor(element: Element) {
    this.#element = element;
  }

  /** Only what has changed is made anew: all of it would take longer than the plots that wait for it. */
  show(code: string): void {
    const lines = linesOf(code);
    const above = sameBlocks(this.#blocks, lines);
    const others = this.#blocks.slice(above.length).reverse();
    const first = sizeOf(above);
    const below = sameBlocks(others.map(reversed), lines.slice(first).reverse()).length;
    const kept = others.slice(0, below).reverse();
    const changed = lines.slice(first, lines.length - sizeOf(kept));
    const made: Block[] = [];
    for (let start = 0; start < changed.length; start += LINES_OF_BLOCK) {
      made.push(blockOf(changed.slice(start, start + LINES_OF_BLOCK)));
    }
    for (const { element } of others.slice(below)) {
      element.remove();
    }
    const next = kept[0]?.element ?? null;
    for (const { element } of made) {
      this.#element.insertBefore(element, next);
    }
    this.#blocks = [...above, ...made, ...kept];
  }
}

const sizeOf = (blocks: readonly Block[]): number => blocks.reduce((sum, { keys }) => sum + keys.length, 0);

const reversed = ({ element, keys }: Block): Block => ({ element, keys: [...keys].reverse() });

/** The blocks at the beginning that these lines begin with too. */
function sameBlocks(blocks: readonly Block[], lines: readonly Line[]): readonly Block[] {
  let at = 0;
  const end = blocks.findIndex(({ keys }) => {
    const from = at;
    at += keys.length;
    return keys.some((key, index) => lines[from + index]?.key !== key);
  });
  return end < 0 ? blocks : blocks.slice(0, end);
}
