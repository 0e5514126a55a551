import { copied, h } from './dom.js';
import { Highlighted } from './highlight.js';
import type { Arguments } from './schema.js';
import { STACK, type Emission } from './server.js';

interface Tab {
  readonly name: string;
  readonly text: string;
  readonly isFile: boolean;
}

/** Files, usage and the command, one at a time, with ways to take them along. */
export class CodeView {
  readonly element: HTMLElement;
  readonly #tabs = h('div', { class: 'code-tabs', role: 'tablist', 'aria-label': 'Files' });
  readonly #pane = h('pre', { class: 'code', tabindex: 0, role: 'tabpanel', 'aria-label': 'Code' });
  readonly #text = new Highlighted(this.#pane);
  readonly #command = h('code');
  readonly #say: (message: string) => void;
  #shown: Tab[] = [];
  #current = 0;

  constructor(say: (message: string) => void) {
    this.#say = say;
    this.element = h(
      'section',
      { class: 'code-view', 'aria-label': 'Code' },
      h(
        'div',
        { class: 'code-head' },
        this.#tabs,
        h('div', { class: 'code-actions' },
          h('button', { type: 'button', class: 'button', onclick: () => { void this.#copy(this.#tab().text, this.#tab().name, this.#pane); } }, 'Copy'),
          h('button', { type: 'button', class: 'button', onclick: () => { this.#download(); } }, 'Download'),
        ),
      ),
      this.#pane,
      h('div', { class: 'command' }, this.#command, h('button', { type: 'button', class: 'button', 'aria-label': 'Copy the command', onclick: () => { void this.#copy(this.#command.textContent, 'The command', this.#command); } }, 'Copy')),
    );
    this.#tabs.addEventListener('keydown', (event) => {
      const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
      if (step !== 0) {
        event.preventDefault();
        this.#select((this.#current + step + this.#shown.length) % this.#shown.length);
        (this.#tabs.children[this.#current] as HTMLElement | undefined)?.focus();
      }
    });
  }

  show({ files, usage, command }: Emission, tool: string, args: Arguments): void {
    const name = this.#shown[this.#current]?.name;
    this.#shown = [
      ...files.map(({ path, content }) => ({ name: path, text: content, isFile: true })),
      ...(usage === '' ? [] : [{ name: 'Usage', text: usage, isFile: false }]),
    ];
    this.#tabs.replaceChildren(
      ...this.#shown.map((tab, index) => h('button', { type: 'button', role: 'tab', class: 'code-tab', onclick: () => { this.#select(index); } }, tab.name)),
    );
    this.#select(Math.max(0, this.#shown.findIndex((tab) => tab.name === name)));
    this.#command.textContent = command ?? commandOf(tool, args);
  }

  #tab(): Tab {
    return this.#shown[this.#current] ?? { name: '', text: '', isFile: false };
  }

  #select(index: number): void {
    this.#current = index;
    [...this.#tabs.children].forEach((tab, each) => {
      tab.setAttribute('aria-selected', String(each === index));
      (tab as HTMLElement).tabIndex = each === index ? 0 : -1;
    });
    const { name, text } = this.#tab();
    this.#pane.setAttribute('aria-label', name);
    this.#text.show(text);
  }

  async #copy(text: string, what: string, element: HTMLElement): Promise<void> {
    if (await copied(text)) {
      this.#say(`${what} is on the clipboard.`);
    } else {
      // One key copies what is selected.
      getSelection()?.selectAllChildren(element);
      this.#say('The clipboard cannot be used; the text is selected.');
    }
  }

  #download(): void {
    const { name, text, isFile } = this.#tab();
    const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    h('a', { href: address, download: isFile ? name : 'usage.ts' }).click();
    setTimeout(() => {
      URL.revokeObjectURL(address);
    }, 10_000);
  }
}

/** The command line of a call, for servers that do not say it themselves. */
function commandOf(tool: string, args: Arguments): string {
  if (tool === STACK) {
    return 'npx -y @crowvault/mcp stack -c resilience.json -o src/resilience/';
  }
  return `npx -y @crowvault/mcp call ${tool} '${JSON.stringify(args).replaceAll("'", "'\\''")}'`;
}
