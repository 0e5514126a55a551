import { CodeView } from './code.js';
import { copied, freshId, h, icon } from './dom.js';
import { Form, numberControls } from './form.js';
import type { Host } from './host.js';
import { isReadable, readLink, writeLink, type LinkState } from './link.js';
import { ManifestEditor } from './manifest.js';
import { Plots } from './plots.js';
import { Runner } from './runner.js';
import { complete, same, withoutDefaults, type Arguments, type Schema, type Tool } from './schema.js';
import { STACK, type Answer, type Emission, type Fault, type Server } from './server.js';
import { knobsOf, worldOf } from './simulate/index.js';
import { say, type Figure, type Knob, type Result } from './simulate/result.js';

const SUN = 'M12 7a5 5 0 1 1 0 10 5 5 0 0 1 0-10zm-1-5h2v3h-2zm0 17h2v3h-2zM2 11h3v2H2zm17 0h3v2h-3zM4.2 5.6l1.4-1.4 2.1 2.1-1.4 1.4zm12.1 12.1 1.4-1.4 2.1 2.1-1.4 1.4zM4.2 18.4l2.1-2.1 1.4 1.4-2.1 2.1zM16.3 6.3l2.1-2.1 1.4 1.4-2.1 2.1z';
const LINK = 'M10.6 13.4a1 1 0 0 1 0-1.4l3-3a1 1 0 1 1 1.4 1.4l-3 3a1 1 0 0 1-1.4 0zM8.5 11.3l1.4 1.4-2.1 2.1a2 2 0 0 0 2.8 2.8l2.1-2.1 1.4 1.4-2.1 2.1a4 4 0 1 1-5.6-5.6zm7 1.4-1.4-1.4 2.1-2.1a2 2 0 0 0-2.8-2.8l-2.1 2.1-1.4-1.4L12 5a4 4 0 1 1 5.6 5.6z';

/** What a tool begins with where arguments are required. */
const EXAMPLES: Readonly<Record<string, Arguments>> = {
  generate_timeout_config: {
    operations: [
      { name: 'orders.get', timeoutMs: 2000 },
      { name: 'payments.charge', timeoutMs: 5000 },
    ],
  },
  generate_bulkhead: {
    partitions: [
      { name: 'orders', maxConcurrent: 20 },
      { name: 'payments', maxConcurrent: 10 },
    ],
  },
  [STACK]: {
    circuitBreaker: { failureThreshold: 10, recoveryTimeMs: 1000 },
    retryPolicy: { maxRetries: 3 },
    timeoutConfig: { operations: [{ name: 'orders.get', timeoutMs: 1000 }] },
    bulkhead: { partitions: [{ name: 'orders', maxConcurrent: 8 }], maxQueue: 8, maxWaitMs: 200 },
    stack: {},
  },
};

const STACK_TOOL: Tool = {
  name: STACK,
  title: 'Manifest',
  description: 'resilience.json: all layers of one service, checked against each other, in a storm with and without each of them.',
  inputSchema: { type: 'object' },
};

/** The tool whose code may need a Redis, which no page has. */
const LIMITER = 'generate_rate_limiting';

/** How long code, notes and changes wait for a drawing that is slow. */
const CODE_AFTER_MS = 200;

/** How long they wait after it for the next move of a slider, which would have to wait for them. */
const PAUSE_MS = 40;

type Files = Emission['files'];

/** What the arguments to compare with do. */
interface Before {
  readonly args: Arguments;
  /** The world that it has been run in, as JSON. */
  world: string;
  runner: Runner | undefined;
  result: Result | undefined;
  isDrawn: boolean;
}

/** Emitted code with the arguments that it was emitted for: what is drawn is always a pair of these. */
interface Running {
  readonly runner: Runner;
  readonly tool: string;
  readonly args: Arguments;
}

/** The arguments of a tool, the code that they give, and what that code does. */
export class Page {
  readonly element: HTMLElement;
  readonly #server: Server;
  readonly #host: Host | undefined;
  readonly #tabs = h('nav', { class: 'tabs', 'aria-label': 'Tools' });
  readonly #title = h('h1');
  readonly #description = h('p', { class: 'lead' });
  readonly #changes = h('div', { class: 'changes', hidden: true });
  readonly #stale = h('p', { class: 'stale', hidden: true }, 'Of the earlier arguments:');
  readonly #figures = h('dl', { class: 'figures' });
  readonly #table = h('div', { class: 'table-wrap', tabindex: 0, role: 'region', 'aria-label': 'With and without each layer', hidden: true });
  readonly #knobs = h('div', { class: 'knobs' });
  readonly #remarks = h('p', { class: 'remarks' });
  readonly #seen = h('section', { class: 'seen', 'aria-label': 'What it does' });
  readonly #arguments = h('section', { class: 'arguments', 'aria-label': 'Arguments' });
  readonly #loose = h('div', { class: 'loose', role: 'alert' });
  readonly #notes = h('section', { class: 'notes', 'aria-label': 'Warnings and notes' });
  readonly #status = h('p', { class: 'visually-hidden', role: 'status' });
  readonly #answer = h('p', { class: 'answer', role: 'status' });
  #answerTimer: number | undefined;
  readonly #plots = new Plots();
  readonly #code = new CodeView((message) => {
    this.#reply(message);
  });

  #tools: readonly Tool[] = [];
  #state: LinkState = { tool: '', args: {}, world: {}, before: undefined };
  #base: Arguments = {};
  #isBaseRefused = false;
  /** Whether any arguments have been taken yet. */
  #hasShown = false;
  #editor: { show(args: Arguments): void; faults(faults: readonly Fault[]): Fault[] } | undefined;
  #running: Running | undefined;
  #isDrawn = false;
  #before: Before | undefined;
  #result: Result | undefined;
  #knobNames = '';
  #knobViews = new Map<string, KnobView>();
  #showCode: (() => void) | undefined;
  /** Grows with every tool that is opened; answers to an earlier one no longer matter. */
  #opened = 0;
  #asked = 0;
  #answered = 0;
  /** Questions up to this one were asked for what no longer stands in the editor. */
  #withdrawn = 0;
  #writtenHash = '';
  #linkTimer = 0;

  constructor(server: Server, host: Host | undefined) {
    this.#server = server;
    this.#host = host;
    const theme = h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Switch between light and dark', title: 'Light or dark', onclick: () => { this.#switchTheme(); } }, icon(SUN));
    const link = h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Copy a link to this', title: 'Copy link', onclick: () => { void this.#copyLink(); } }, icon(LINK));
    const send = host === undefined ? undefined : h('button', { type: 'button', class: 'button is-primary', onclick: () => { void this.#handBack(); } }, 'Use these arguments');
    this.element = h(
      'div',
      { class: host === undefined ? 'page' : 'page is-app' },
      h('a', { class: 'skip', href: '#main', onclick: (event) => { event.preventDefault(); this.#title.focus(); } }, 'Skip to the plots'),
      h('header', { class: 'top' }, h('span', { class: 'brand' }, 'CrowVault'), this.#tabs, h('div', { class: 'top-actions' }, send, host === undefined && link, theme)),
      h(
        'div',
        { class: 'layout' },
        this.#arguments,
        h(
          'main',
          { id: 'main' },
          h('div', { class: 'head' }, this.#title, this.#description),
          this.#loose,
          this.#changes,
          this.#stale,
          this.#seen,
          this.#notes,
          this.#code.element,
        ),
      ),
      this.#status,
      this.#answer,
    );
    this.#title.tabIndex = -1;
    this.#seen.append(this.#figures, this.#plots.element, this.#table, this.#remarks, this.#knobs);
  }

  async start(): Promise<void> {
    const given = this.#host === undefined ? undefined : await this.#host.opened;
    this.#tools = [...(await this.#server.tools()), ...(this.#server.stack === undefined ? [] : [STACK_TOOL])];
    for (const { name, title } of this.#tools) {
      const onclick = (event: Event): void => {
        if (given === undefined) {
          // What has just been typed can be gone back to.
          this.#putLink();
        } else {
          // A frame has no address of its own that could change.
          event.preventDefault();
          this.#open({ tool: name });
        }
      };
      this.#tabs.append(h('a', { href: `#/${name}`, 'data-tool': name, onclick }, title));
    }
    if (given === undefined) {
      window.addEventListener('hashchange', () => {
        if (location.hash !== this.#writtenHash) {
          this.#open(readLink(location.hash));
        }
      });
      this.#open(readLink(location.hash));
    } else {
      this.#open({ tool: given.tool === '' ? this.#toolFor(given.args) : given.tool, args: given.args });
    }
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#plots.redraw();
    });
    // Paper is light.
    const { dataset } = document.documentElement;
    let theme: string | undefined;
    window.addEventListener('beforeprint', () => {
      theme = dataset['theme'];
      dataset['theme'] = 'light';
      this.#plots.redraw();
    });
    window.addEventListener('afterprint', () => {
      if (theme === undefined) {
        delete dataset['theme'];
      } else {
        dataset['theme'] = theme;
      }
      this.#plots.redraw();
    });
    this.#host?.onTheme((dark) => {
      document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
      this.#plots.redraw();
    });
  }

  /** Of a call whose tool nobody names, the tool that knows most of its arguments. */
  #toolFor(args: Arguments): string {
    const known = ({ inputSchema }: Tool): number => Object.keys(args).filter((name) => Object.hasOwn(inputSchema.properties ?? {}, name)).length;
    return [...this.#tools].sort((one, other) => known(other) - known(one))[0]?.name ?? '';
  }

  #open(link: ReturnType<typeof readLink>): void {
    clearTimeout(this.#linkTimer);
    this.#writtenHash = location.hash;
    if (link.isDamaged === true) {
      this.#reply('This link is cut off or damaged. What could not be read of it is shown with its defaults.');
    }
    const tool = this.#tools.find(({ name }) => name === link.tool) ?? this.#tools[0];
    if (tool === undefined) {
      throw new Error('The server has no tools.');
    }
    // The page always shows the code, and runs it.
    const given = Object.fromEntries(Object.entries(link.args ?? {}).filter(([name]) => name !== 'withCode'));
    const args = Object.keys(given).length === 0 ? (EXAMPLES[tool.name] ?? {}) : given;
    this.#state = { tool: tool.name, args, world: link.world ?? {}, before: link.before };
    this.#base = link.before ?? this.#slim(args);
    this.#isBaseRefused = false;
    this.#opened += 1;
    this.#end();
    this.#before?.runner?.end();
    this.#before = undefined;
    this.#result = undefined;
    this.#knobNames = '';
    this.#plots.clear();
    this.#figures.replaceChildren();
    this.#table.hidden = true;
    this.#knobs.replaceChildren();
    this.#remarks.textContent = '';
    this.#title.textContent = tool.title;
    this.#description.textContent = tool.description;
    document.title = `${tool.title} - CrowVault`;
    for (const tab of this.#tabs.querySelectorAll('a')) {
      if (tab.dataset['tool'] === tool.name) {
        tab.setAttribute('aria-current', 'page');
        tab.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      } else {
        tab.removeAttribute('aria-current');
      }
    }
    const onChange = (next: Arguments): void => {
      this.#change(next);
    };
    const onRefuse = (): void => {
      this.#withdrawn = this.#asked;
      this.#markStale(true);
      this.element.setAttribute('aria-busy', 'false');
    };
    const editor = tool.name === STACK ? new ManifestEditor(this.#tools.filter(({ name }) => name !== STACK), this.#server.manifest, onChange, onRefuse) : new Form(tool.inputSchema, onChange);
    this.#editor = editor;
    this.#arguments.replaceChildren(h('h2', {}, tool.name === STACK ? 'resilience.json' : 'Arguments'), editor.element);
    editor.show(args);
    this.#arguments.scrollTop = 0;
    this.#change(args);
  }

  #tool(): Tool {
    return this.#tools.find(({ name }) => name === this.#state.tool) ?? STACK_TOOL;
  }

  #schema(): Schema {
    return this.#tool().inputSchema;
  }

  /** The arguments have changed: asks for the code, and runs it. The answer to the newest question counts. */
  #change(args: Arguments): void {
    const slim = this.#slim(args);
    this.#state = { ...this.#state, args: slim };
    this.#asked += 1;
    const asked = this.#asked;
    const opened = this.#opened;
    this.#writeLink();
    this.element.setAttribute('aria-busy', 'true');
    const toRun = this.#state.tool === LIMITER ? this.#filesInMemory(slim) : undefined;
    toRun?.catch(() => undefined);
    this.#emit(slim)
      .then((answer) => {
        if (opened === this.#opened && asked > this.#answered && asked > this.#withdrawn) {
          this.#answered = asked;
          this.#take(answer, slim, toRun);
        }
      })
      .catch((error: unknown) => {
        if (opened !== this.#opened || asked <= this.#withdrawn) {
          return;
        }
        this.#fail(`The server cannot be reached: ${error instanceof Error ? error.message : String(error)}.`);
        this.#markStale(true);
        this.#loose.append(h('p', {}, h('button', { type: 'button', class: 'button', onclick: () => { this.#change(this.#state.args); } }, 'Try again')));
      });
  }

  #slim(args: Arguments): Arguments {
    return this.#state.tool === STACK ? args : withoutDefaults(this.#schema(), args);
  }

  #emit(args: Arguments): Promise<Answer> {
    return this.#state.tool === STACK && this.#server.stack !== undefined ? this.#server.stack(args) : this.#server.emit(this.#state.tool, args);
  }

  #take(answer: Answer, args: Arguments, toRun: Promise<Files | undefined> | undefined): void {
    if ('refusal' in answer) {
      this.element.setAttribute('aria-busy', 'false');
      this.element.dispatchEvent(new CustomEvent('refused', { bubbles: true }));
      const { faults, corrected } = answer.refusal;
      this.#isBaseRefused ||= same(args, this.#base);
      const rest = this.#editor?.faults(faults) ?? [...faults];
      this.#loose.replaceChildren(
        ...rest.map(({ detail }) => h('p', { class: 'field-error' }, detail)),
        ...(corrected === undefined || same(corrected, args)
          ? []
          : [h('p', { class: 'corrected' }, h('code', {}, JSON.stringify(corrected)), h('button', { type: 'button', class: 'button', onclick: () => { this.#apply(corrected); } }, 'Use the corrected call'))]),
      );
      this.#markStale(true);
      return;
    }
    this.#editor?.faults([]);
    this.#loose.replaceChildren();
    this.#hasShown = true;
    this.#markStale(false);
    if (this.#isBaseRefused) {
      // There is nothing to compare with arguments that never gave code.
      this.#isBaseRefused = false;
      this.#base = args;
    }
    const { emission } = answer;
    const { tool } = this.#state;
    const asked = this.#answered;
    const opened = this.#opened;
    // The plots come first, and the code when they are drawn, or after a while without them.
    const showCode = (): void => {
      if (this.#showCode === showCode) {
        this.#showCode = undefined;
        if (asked === this.#answered && opened === this.#opened) {
          this.#showNotes(emission);
          this.#code.show(emission, tool, args);
          this.#showChanges(args);
          this.#rest();
        }
      }
    };
    this.#showCode = showCode;
    setTimeout(showCode, CODE_AFTER_MS);
    void this.#restart(emission, args, toRun);
  }

  #apply(args: Arguments): void {
    this.#editor?.show(args);
    this.#change(args);
  }

  async #restart(emission: Emission, args: Arguments, toRun: Promise<Files | undefined> | undefined): Promise<void> {
    const asked = this.#answered;
    const opened = this.#opened;
    const { tool } = this.#state;
    if (tool === STACK && !emission.files.some(({ path }) => path === 'resilience-stack.ts')) {
      this.#end();
      this.#plots.clear();
      this.#figures.replaceChildren();
      this.#table.hidden = true;
      this.#knobs.replaceChildren();
      this.#knobNames = '';
      this.#remarks.textContent = 'A storm needs the four outbound layers: circuitBreaker, retryPolicy, timeoutConfig and bulkhead.';
      this.element.setAttribute('aria-busy', 'false');
      return;
    }
    const files = toRun === undefined ? emission.files : await toRun.catch(() => undefined);
    if (asked !== this.#answered || opened !== this.#opened) {
      return;
    }
    if (files === undefined) {
      this.element.setAttribute('aria-busy', 'false');
      return;
    }
    this.#end();
    this.#running = { runner: this.#start(files), tool, args };
    this.#showKnobs();
    this.#startBefore(args);
    this.#run();
  }

  #end(): void {
    this.#running?.runner.end();
    this.#running = undefined;
  }

  #start(files: Files): Runner {
    return new Runner(files, (message) => {
      this.#fail(message);
    });
  }

  /** A limiter in Redis is drawn by the code for memory, which the server emits as well. */
  async #filesInMemory(args: Arguments): Promise<Files | undefined> {
    const { redisClient: _client, onStoreError: _policy, storeTimeoutMs: _limit, withTests: _tests, ...kept } = args;
    const answer = await this.#server.emit(LIMITER, { ...kept, runtime: 'node', store: 'memory', framework: 'fetch' });
    return 'emission' in answer ? answer.emission.files : undefined;
  }

  async #filesToRun(args: Arguments): Promise<Files | undefined> {
    if (this.#state.tool === LIMITER) {
      return this.#filesInMemory(args);
    }
    const answer = await this.#emit(args);
    return 'emission' in answer ? answer.emission.files : undefined;
  }

  #complete(args: Arguments): Record<string, unknown> {
    return complete(this.#schema(), args);
  }

  #startBefore(args: Arguments): void {
    if (same(args, this.#base)) {
      this.#before?.runner?.end();
      this.#before = undefined;
      return;
    }
    if (this.#before !== undefined && same(this.#before.args, this.#base)) {
      return;
    }
    this.#before?.runner?.end();
    const before: Before = { args: this.#base, world: '', runner: undefined, result: undefined, isDrawn: false };
    this.#before = before;
    const files = this.#filesToRun(this.#base).catch(() => undefined);
    void files.then((toRun) => {
      if (this.#before !== before) {
        return;
      }
      if (toRun === undefined) {
        before.isDrawn = true;
        this.#rest();
        return;
      }
      before.runner = this.#start(toRun);
      this.#runBefore();
    });
  }

  #world(): Record<string, unknown> {
    return worldOf(this.#currentKnobs(), { ...this.#usualWorld(), ...this.#state.world });
  }

  /**
   * What the world is unless somebody sets it: that of the arguments to compare with, so that an argument that changes meets the same
   * world and the figures differ by what it does. Traffic in a manifest is a world that somebody sets.
   */
  #usualWorld(): Record<string, unknown> {
    const { tool, args, world } = this.#state;
    return same(args['traffic'], this.#base['traffic']) ? worldOf(knobsOf(tool, this.#complete(this.#base), world), {}) : {};
  }

  /** Of a world, what somebody has set. */
  #unusual(world: Record<string, unknown>): Record<string, unknown> {
    const usual = worldOf(this.#currentKnobs(), this.#usualWorld());
    return Object.fromEntries(Object.entries(world).filter(([name, value]) => Object.hasOwn(usual, name) && usual[name] !== value));
  }

  #currentKnobs(): Knob[] {
    return knobsOf(this.#state.tool, this.#complete(this.#state.args), this.#state.world);
  }

  #run(): void {
    if (this.#running === undefined) {
      return;
    }
    const { runner, tool, args } = this.#running;
    this.#isDrawn = false;
    this.element.setAttribute('aria-busy', 'true');
    runner.run(tool, this.#complete(args), this.#world(), (result, done) => {
      this.#result = result;
      this.#draw();
      if (done) {
        this.#isDrawn = true;
        this.#runBefore();
        this.#rest();
        this.#say(result.figures.map((figure) => `${figure.label}: ${said(figure)}`).join('. '));
      }
      const showCode = this.#showCode;
      setTimeout(() => showCode?.(), PAUSE_MS);
      this.element.dispatchEvent(new CustomEvent('drawn', { bubbles: true, detail: { tool, result, done } }));
    });
  }

  /** After what it is compared with, which somebody waits for. */
  #runBefore(): void {
    const before = this.#before;
    const world = this.#world();
    const asJson = JSON.stringify(world);
    if (!this.#isDrawn || before?.runner === undefined || before.world === asJson) {
      return;
    }
    before.world = asJson;
    before.isDrawn = false;
    before.runner.run(this.#state.tool, this.#complete(before.args), world, (result, done) => {
      before.result = result;
      before.isDrawn = done;
      this.#draw();
      this.#rest();
    });
  }

  /** Until both are drawn, what is compared may come from two worlds, and the code shown be that of before. */
  #rest(): void {
    if (this.#isDrawn && this.#before?.isDrawn !== false && this.#showCode === undefined) {
      this.element.setAttribute('aria-busy', 'false');
    }
  }

  #draw(): void {
    const result = this.#result;
    if (result === undefined) {
      return;
    }
    const before = this.#before?.result;
    this.#plots.show(result, before);
    if (result.figures.length === 0) {
      // Lines that are under way: the figures of before stay until there are new ones.
      return;
    }
    this.#figures.replaceChildren(...result.figures.map((figure) => figureView(figure, before?.figures.find(({ id }) => id === figure.id))));
    this.#remarks.textContent = result.remarks.join(' ');
    this.#table.hidden = result.table === undefined;
    if (result.table !== undefined) {
      this.#table.replaceChildren(tableView(result.table));
    }
  }

  /** Anew where there are other settings or choices; else each gets its value, and keeps the focus. */
  #showKnobs(): void {
    const knobs = this.#currentKnobs();
    const world = this.#world();
    const names = JSON.stringify(knobs.map(({ name, choices }) => [name, choices]));
    if (names === this.#knobNames) {
      for (const [name, { show }] of this.#knobViews) {
        show(world[name]);
      }
      return;
    }
    this.#knobNames = names;
    const set = (name: string, value: unknown): void => {
      this.#state = { ...this.#state, world: { ...this.#state.world, [name]: value } };
      this.#writeLink();
      // What is chosen may change the defaults of others.
      this.#showKnobs();
      this.#run();
    };
    const shown = knobs.filter(({ choices }) => choices === undefined || choices.length > 1);
    this.#knobViews = new Map(shown.map((knob) => [knob.name, knobView(knob, world[knob.name], (value) => { set(knob.name, value); })]));
    this.#knobs.replaceChildren(h('h2', {}, 'The world around it'), ...[...this.#knobViews.values()].map(({ element }) => element));
  }

  #showChanges(args: Arguments): void {
    const now = this.#state.tool === STACK ? flatten(args) : this.#complete(args);
    const was = this.#state.tool === STACK ? flatten(this.#base) : this.#complete(this.#base);
    const names = [...new Set([...Object.keys(was), ...Object.keys(now)])].filter((name) => !same(was[name], now[name]));
    // A value that is missing is the default, unless its section is missing as well.
    const absent = (whole: Arguments, name: string): string => (this.#state.tool === STACK && whole[name.split('.')[0] ?? ''] === undefined ? 'none' : 'automatic');
    this.#changes.hidden = names.length === 0;
    this.#state = { ...this.#state, before: names.length === 0 ? undefined : this.#base };
    this.#writeLink();
    this.#changes.replaceChildren(
      h('ul', {}, ...names.map((name) => h('li', {}, h('span', { class: 'change-name' }, name), ' ', h('span', { class: 'was' }, shown(was[name], absent(this.#base, name))), h('span', { class: 'arrow', 'aria-label': 'to' }, '→'), h('span', { class: 'now' }, shown(now[name], absent(args, name)))))),
      h('div', { class: 'change-actions' },
        h('button', { type: 'button', class: 'button', onclick: () => { this.#apply(this.#base); } }, 'Undo'),
        h('button', { type: 'button', class: 'button', onclick: () => {
          const world = this.#world();
          this.#base = this.#state.args;
          // The one on the screen stays.
          this.#state = { ...this.#state, world: this.#unusual(world) };
          this.#apply(this.#base);
        } }, 'Compare from here'),
      ),
    );
  }

  #showNotes({ warnings, notes }: Emission): void {
    this.#notes.hidden = warnings.length + notes.length === 0;
    this.#notes.replaceChildren(
      h('h2', {}, 'Warnings and notes'),
      ...(warnings.length === 0 ? [] : [h('ul', { class: 'warnings' }, ...warnings.map((text) => h('li', {}, text)))]),
      ...(notes.length === 0 ? [] : [h('ul', {}, ...notes.map((text) => h('li', {}, text)))]),
    );
  }

  #fail(message: string): void {
    this.element.setAttribute('aria-busy', 'false');
    this.#loose.replaceChildren(h('p', { class: 'field-error' }, message));
  }

  /** Whether what is shown belongs to earlier arguments than those in the editor. */
  #markStale(isStale: boolean): void {
    this.element.classList.toggle('is-stale', isStale);
    this.#stale.hidden = !isStale || !this.#hasShown;
    // Before the first answer with code these would be empty boxes.
    this.#seen.hidden = this.#code.element.hidden = isStale && !this.#hasShown;
  }

  /** Says what is on the screen already to those who do not see it. */
  #say(message: string): void {
    this.#status.textContent = message;
  }

  /** Says what came of an action, for a while that is enough to read it. */
  #reply(message: string): void {
    clearTimeout(this.#answerTimer);
    this.#answer.textContent = message;
    this.#answerTimer = window.setTimeout(() => {
      this.#answer.textContent = '';
    }, 4_000 + 100 * message.length);
  }

  /** Late and once, because browsers let only so many changes of the address through. */
  #writeLink(): void {
    if (this.#host !== undefined) {
      return;
    }
    clearTimeout(this.#linkTimer);
    this.#linkTimer = window.setTimeout(() => {
      // Somebody has gone elsewhere, and the event that says so is on its way.
      if (location.hash === this.#writtenHash) {
        this.#putLink();
      }
    }, 200);
  }

  #putLink(): string {
    const { tool, args, world, before } = this.#state;
    const isExample = same(args, EXAMPLES[tool] ?? {});
    this.#writtenHash = writeLink({ tool, args: isExample ? {} : args, world: this.#unusual(world), before });
    history.replaceState(null, '', this.#writtenHash);
    this.#writtenHash = location.hash;
    return location.href;
  }

  async #copyLink(): Promise<void> {
    const address = this.#putLink();
    if (!isReadable(this.#writtenHash)) {
      this.#reply('This is too much for a link; copy the manifest or the command instead.');
      return;
    }
    this.#reply((await copied(address)) ? 'The link is on the clipboard.' : 'The clipboard cannot be used; copy the address of the page.');
  }

  async #handBack(): Promise<void> {
    const { tool, args } = this.#state;
    if (this.#host !== undefined) {
      this.#reply(await this.#host.handBack(tool, args));
    }
  }

  #switchTheme(): void {
    const { documentElement } = document;
    const dark = documentElement.dataset['theme'] === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : documentElement.dataset['theme'] === 'dark';
    documentElement.dataset['theme'] = dark ? 'light' : 'dark';
    this.#plots.redraw();
  }
}

function said({ value, unit, absent }: Figure): string {
  return value === null && absent !== undefined ? absent : say(value, unit);
}

function figureView(figure: Figure, before: Figure | undefined): HTMLElement {
  const { label, value, better } = figure;
  const now = said(figure);
  const was = before === undefined ? now : said(before);
  const rank = (each: Figure): number => each.value ?? Infinity;
  const direction = before === undefined || better === undefined || was === now ? '' : rank({ ...before, value }) < rank(before) === (better === 'lower') ? 'is-better' : 'is-worse';
  return h(
    'div',
    { class: `figure ${direction}` },
    h('dt', {}, label),
    h('dd', {}, was !== now && h('span', { class: 'was' }, was), was !== now && h('span', { class: 'arrow', 'aria-label': 'to' }, '→'), h('span', { class: 'now' }, now)),
  );
}

function tableView({ columns, rows }: NonNullable<Result['table']>): HTMLElement {
  return h(
    'table',
    {},
    h('thead', {}, h('tr', {}, ...columns.map((column) => h('th', { scope: 'col' }, column === '' ? 'Layers' : column)))),
    h('tbody', {}, ...rows.map(([name = '', ...cells]) => h('tr', {}, h('th', { scope: 'row' }, name), ...cells.map((cell) => h('td', {}, cell))))),
  );
}

interface KnobView {
  readonly element: HTMLElement;
  show(value: unknown): void;
}

function knobView(knob: Knob, value: unknown, onValue: (value: unknown) => void): KnobView {
  const id = freshId('knob');
  if (knob.choices !== undefined) {
    const select = h('select', { id, onchange: () => { onValue(select.value); } }, ...knob.choices.map((choice) => h('option', { value: choice.value }, choice.label)));
    const choose = (next: unknown): void => {
      select.value = String(next);
    };
    choose(value);
    return { element: h('div', { class: 'knob', 'data-knob': knob.name }, h('label', { for: id, class: 'label' }, knob.label), select), show: choose };
  }
  let last = value;
  const onNumber = (next: unknown): void => {
    if (next !== undefined) {
      last = next;
      onValue(next);
    }
  };
  // No server judges these: a comma is a point, and a number out of range is the nearest in it.
  const read = (text: string): number | undefined => {
    const number = text.trim() === '' ? NaN : Number(text.replace(',', '.'));
    return Number.isFinite(number) ? Math.min(knob.max ?? number, Math.max(knob.min ?? number, number)) : undefined;
  };
  const { slider, input, spoken, show } = numberControls(knob.label, id, knob.min ?? 0, knob.max ?? 100, knob.value, onNumber, (number) => say(number, knob.unit), read);
  show(value);
  input.addEventListener('change', () => {
    input.value = String(last);
    show(last);
  });
  const element = h('div', { class: 'knob', 'data-knob': knob.name }, h('div', { class: 'field-head' }, h('label', { for: id, class: 'label' }, knob.label), spoken), h('div', { class: 'number' }, slider, input));
  const showNext = (next: unknown): void => {
    // Somebody may be typing it in a form of their own, such as "2,".
    if (next !== last) {
      last = next;
      show(next);
    }
  };
  return { element, show: showNext };
}

function shown(value: unknown, absent: string): string {
  return value === undefined ? absent : typeof value === 'string' ? value : JSON.stringify(value);
}

/** `{ a: { b: 1 } }` as `{ 'a.b': 1 }`, so that a change in a manifest is named by its path. */
function flatten(value: Arguments, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]): [string, unknown][] =>
      typeof each === 'object' && each !== null && !Array.isArray(each) ? Object.entries(flatten(each as Arguments, `${prefix}${name}.`)) : [[`${prefix}${name}`, each]],
    ),
  );
}
