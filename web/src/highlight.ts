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

/** TypeScript in an element, as spans with a class each; the element's text is the code, character for character. */
export class Highlighted {
  readonly #element: Element;
  #shown: readonly Token[] = [];

  constructor(element: Element) {
    this.#element = element;
  }

  /** Only what has changed is made anew: all of it would take longer than the plots that wait for it. */
  show(code: string): void {
    const next = tokensOf(code);
    const was = this.#shown;
    const most = Math.min(was.length, next.length);
    const isSame = (one: Token | undefined, other: Token | undefined): boolean => one?.kind === other?.kind && one?.text === other?.text;
    let start = 0;
    while (start < most && isSame(was[start], next[start])) {
      start += 1;
    }
    let end = 0;
    while (end < most - start && isSame(was.at(-1 - end), next.at(-1 - end))) {
      end += 1;
    }
    const changed = document.createRange();
    changed.setStart(this.#element, start);
    changed.setEnd(this.#element, was.length - end);
    changed.deleteContents();
    const fragment = document.createDocumentFragment();
    fragment.append(...next.slice(start, next.length - end).map(nodeOf));
    this.#element.insertBefore(fragment, this.#element.childNodes[start] ?? null);
    this.#shown = next;
  }
}
