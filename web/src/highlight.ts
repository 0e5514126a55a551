const TOKEN =
  /(?<comment>\/\*[\s\S]*?\*\/|\/\/[^\n]*)|(?<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|(?<number>\b\d[\d_]*(?:\.\d+)?(?:e\d+)?\b)|(?<keyword>\b(?:abstract|as|async|await|break|case|catch|class|const|constructor|continue|default|do|else|export|extends|finally|for|from|function|get|if|implements|import|in|instanceof|interface|keyof|let|new|null|of|override|private|readonly|return|set|static|super|switch|this|throw|true|false|try|type|typeof|undefined|void|while|yield|satisfies|infer|is|unknown|never|number|string|boolean)\b)|(?<type>\b[A-Z]\w*\b)/gu;

/** TypeScript as spans with a class each; the text of the node is the code, character for character. */
export function highlight(code: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  let last = 0;
  for (const match of code.matchAll(TOKEN)) {
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0];
    if (match.index > last) {
      fragment.append(code.slice(last, match.index));
    }
    const span = document.createElement('span');
    span.className = `t-${kind ?? ''}`;
    span.textContent = match[0];
    fragment.append(span);
    last = match.index + match[0].length;
  }
  fragment.append(code.slice(last));
  return fragment;
}
