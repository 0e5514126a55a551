import { freshId, h } from './dom.js';
import { Form } from './form.js';
import type { Arguments, Schema, Tool } from './schema.js';
import { sectionOf, type Fault } from './server.js';
import { partitionsOf } from './simulate/bulkhead.js';

/** Sections of a manifest that belong to no tool. */
const MORE = ['stack', 'upstreams', 'traffic'];

/** A manifest as text and, section by section, as fields. */
export class ManifestEditor {
  readonly element: HTMLElement;
  readonly #text: HTMLTextAreaElement;
  readonly #error = h('p', { class: 'field-error', id: freshId('error'), role: 'alert' });
  readonly #sections = new Map<string, { form: Form; element: HTMLDetailsElement; toggle: HTMLInputElement }>();
  readonly #maps = new Set<string>();
  readonly #onChange: (manifest: Arguments) => void;
  readonly #onRefuse: () => void;
  #manifest: Record<string, unknown> = {};

  /** `onRefuse` is told that what stands in the box is no manifest, so that what is drawn, or still asked for, belongs to an earlier one. */
  constructor(tools: readonly Tool[], schema: Schema | undefined, onChange: (manifest: Arguments) => void, onRefuse: () => void) {
    this.#onChange = onChange;
    this.#onRefuse = onRefuse;
    const id = freshId('manifest');
    this.#text = h('textarea', { id, rows: 14, spellcheck: 'false', 'aria-describedby': this.#error.id, oninput: () => { this.#read(); } });
    const file = h('input', { type: 'file', accept: '.json,.jsonc,application/json', class: 'visually-hidden', id: freshId('file'), onchange: () => { void this.#load(file); } });
    this.element = h(
      'div',
      { class: 'manifest' },
      h('div', { class: 'field-head' }, h('label', { for: id, class: 'label' }, 'Paste a manifest, or'), h('label', { for: file.id, class: 'button' }, 'open a file'), file),
      this.#text,
      this.#error,
    );
    for (const { name, title, inputSchema } of tools) {
      const section = sectionOf(name);
      this.#addSection(section, title, new Form(inputSchema, (args) => { this.#change({ ...this.#manifest, [section]: args }); }));
    }
    for (const section of MORE) {
      const own = schema?.properties?.[section];
      if (own !== undefined) {
        const form = isMap(own)
          ? new Form({ properties: { [section]: own } }, (args) => { this.#change({ ...this.#manifest, [section]: args[section] ?? {} }); })
          : new Form(own, (args) => { this.#change({ ...this.#manifest, [section]: args }); });
        if (isMap(own)) {
          this.#maps.add(section);
        }
        this.#addSection(section, own.title ?? section, form);
      }
    }
  }

  #addSection(section: string, title: string, form: Form): void {
    const toggle = h('input', { type: 'checkbox', class: 'switch', role: 'switch', 'aria-label': `${title} in the manifest`, onchange: () => {
      const { [section]: _, ...rest } = this.#manifest;
      this.#change(toggle.checked ? { ...rest, [section]: example(section, this.#manifest) } : rest);
      this.#showSections();
    } });
    const element = h('details', { class: 'section' }, h('summary', {}, section), form.element);
    this.#sections.set(section, { form, element, toggle });
    this.element.append(h('div', { class: 'section-row' }, element, toggle));
  }

  show(manifest: Arguments): void {
    this.#manifest = { ...manifest };
    this.#writeText();
    this.#showSections();
  }

  /** Each fault in its section where it has one; the rest below the text. */
  faults(faults: readonly Fault[]): Fault[] {
    const rest: Fault[] = [];
    for (const [section, { form, element }] of this.#sections) {
      const own = faults
        .map((fault) => ({ ...fault, path: this.#pathIn(fault, section) }))
        .filter((fault): fault is { path: string[]; detail: string } => fault.path !== undefined);
      rest.push(...form.faults(own));
      if (own.length > 0) {
        element.open = true;
      }
    }
    rest.push(...faults.filter((fault) => [...this.#sections.keys()].every((section) => pathIn(fault, section) === undefined)));
    this.#error.textContent = rest.map(({ detail }) => detail).join(' ');
    return [];
  }

  /** A section of names is one field. */
  #pathIn(fault: Fault, section: string): string[] | undefined {
    const path = pathIn(fault, section);
    return path !== undefined && this.#maps.has(section) ? [section] : path;
  }

  #change(manifest: Record<string, unknown>): void {
    this.#manifest = manifest;
    this.#writeText();
    this.#onChange(manifest);
  }

  #read(): void {
    let value: unknown;
    const json = withoutComments(this.#text.value);
    try {
      value = JSON.parse(json);
    } catch (error) {
      this.#refuse(
        /^\s*[\w"'-]+\s*:/mu.test(this.#text.value) && !/^\s*[{[]/u.test(this.#text.value)
          ? 'This looks like YAML, which only the command line reads: crowvault-mcp simulate -c FILE. Paste JSON here; comments are fine.'
          : `Not JSON: ${error instanceof Error ? error.message : String(error)}`,
      );
      return;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#refuse('Not an object; use one with a section per tool, such as {"circuitBreaker":{}}.');
      return;
    }
    const twice = nameGivenTwice(json);
    if (twice !== undefined) {
      this.#refuse(`${twice}: given twice; give it once.`);
      return;
    }
    this.#error.textContent = '';
    this.#manifest = value as Record<string, unknown>;
    this.#showSections();
    this.#onChange(this.#manifest);
  }

  #refuse(sentence: string): void {
    this.#error.textContent = sentence;
    this.#onRefuse();
  }

  async #load(file: HTMLInputElement): Promise<void> {
    const [chosen] = file.files ?? [];
    if (chosen !== undefined) {
      try {
        this.#text.value = await chosen.text();
        this.#read();
      } catch (error) {
        this.#refuse(`${chosen.name}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      }
      // The same file can be chosen again once it has been edited.
      file.value = '';
    }
  }

  #writeText(): void {
    if (document.activeElement !== this.#text) {
      this.#text.value = JSON.stringify(this.#manifest, null, 2);
    }
  }

  #showSections(): void {
    for (const [section, { form, element, toggle }] of this.#sections) {
      const args = this.#manifest[section];
      toggle.checked = args !== undefined;
      element.classList.toggle('is-absent', args === undefined);
      form.show(this.#maps.has(section) ? { [section]: args } : typeof args === 'object' && args !== null ? (args as Arguments) : {});
    }
  }
}

/** JSON as editors take it, with blanks for a mark, comments and trailing commas, so that every other character keeps its place. */
function withoutComments(text: string): string {
  const blank = (part: string): string => part.replaceAll(/[^\n]/gu, ' ');
  return text
    .replace(/^\uFEFF/u, '')
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//gu, (part) => (part.startsWith('"') ? part : blank(part)))
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/gu, (part) => (part === ',' ? ' ' : part));
}

/** The path of a name that an object of valid JSON has twice. `JSON.parse` takes the last without a word; every door refuses it. */
function nameGivenTwice(json: string): string | undefined {
  const levels: { readonly path: string; readonly names: Set<string> | undefined; index: number; value: string }[] = [];
  for (const [token, name, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\],]/gu)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') {
      const path = level === undefined ? '' : level.names === undefined ? `${level.path}[${String(level.index)}]` : level.value;
      levels.push({ path, names: token === '{' ? new Set() : undefined, index: 0, value: '' });
    } else if (token === '}' || token === ']') {
      levels.pop();
    } else if (level !== undefined && token === ',') {
      level.index += 1;
    } else if (level?.names !== undefined && name !== undefined && colon !== undefined) {
      const read = JSON.parse(name) as string;
      level.value = level.path === '' ? read : `${level.path}.${read}`;
      if (level.names.has(read)) {
        return level.value;
      }
      level.names.add(read);
    }
  }
  return undefined;
}

/** The path of a fault within a section; the server names it in the pointer or before the first dot of the sentence. */
function pathIn({ path, detail }: Fault, section: string): string[] | undefined {
  if (path[0] === section) {
    return path.slice(1);
  }
  const name = path[0] ?? /^[^:\s]+/u.exec(detail)?.[0] ?? '';
  return name.startsWith(`${section}.`) ? name.slice(section.length + 1).split(/[.[]/u) : undefined;
}

/** Whether a section is an object from names that people choose. */
function isMap({ properties, additionalProperties }: Schema): boolean {
  return properties === undefined && typeof additionalProperties === 'object';
}

function example(section: string, { bulkhead }: Arguments): unknown {
  const services = Object.keys(partitionsOf((bulkhead as Arguments | undefined)?.['partitions']));
  switch (section) {
    case 'timeoutConfig':
      return { operations: [{ name: 'orders.get', timeoutMs: 1000 }] };
    case 'bulkhead':
      return { partitions: [{ name: 'orders', maxConcurrent: 20 }] };
    case 'upstreams':
      return Object.fromEntries(services.map((name) => [name, {}]));
    case 'traffic':
      return Object.fromEntries(services.map((name) => [name, { callsPerSecond: 50, errorPercent: 1, p50Ms: 40, p99Ms: 400 }]));
    default:
      return {};
  }
}
