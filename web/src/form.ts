import { freshId, h, icon } from './dom.js';
import { complete, type Arguments, type Schema } from './schema.js';
import type { Fault } from './server.js';
import { say } from './simulate/result.js';

interface Field {
  readonly element: HTMLElement;
  /** Shows a value without telling the listener; undefined for an argument that is left out. */
  show(value: unknown): void;
  fault(details: readonly string[]): void;
}

const STEPS = 1000;

/** How far a key moves a slider, and no less than to the next value. */
const STEP_OF_KEY: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 100, PageDown: -100 };

const ADD = 'M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z';
const REMOVE = 'M5 11h14v2H5z';

/** The arguments of a tool as fields, made from its JSON schema. */
export class Form {
  readonly element = h('div', { class: 'form' });
  readonly #fields = new Map<string, Field>();
  readonly #schema: Schema;
  #args: Record<string, unknown> = {};

  constructor(schema: Schema, onChange: (args: Arguments) => void) {
    this.#schema = schema;
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const field = fieldOf(name, property, schema.required?.includes(name) ?? false, (value) => {
        this.#args = { ...this.#args, [name]: value };
        if (value === undefined) {
          const { [name]: _, ...rest } = this.#args;
          this.#args = rest;
        }
        this.#showRelevant();
        onChange(this.#args);
      });
      this.#fields.set(name, field);
      this.element.append(field.element);
    }
  }

  show(args: Arguments): void {
    this.#args = { ...args };
    for (const [name, field] of this.#fields) {
      field.show(args[name] ?? this.#schema.properties?.[name]?.default);
    }
    this.#showRelevant();
  }

  /** Hides what a choice has made meaningless: "(redis only)" says which choice an argument belongs to. */
  #showRelevant(): void {
    const all = complete(this.#schema, this.#args);
    for (const [name, field] of this.#fields) {
      const choice = /\((?<choice>[a-z-]+) only\)/u.exec(this.#schema.properties?.[name]?.description ?? '')?.groups?.['choice'];
      const singular = choice?.replace(/s$/u, '');
      const isOf = (value: unknown): boolean => typeof value === 'string' && (value === choice || (singular !== undefined && value.endsWith(`-${singular}`)));
      const isOpen = choice === undefined || name in this.#args || Object.values(all).some(isOf) || field.element.classList.contains('is-faulty');
      field.element.hidden = !isOpen;
    }
  }

  /** Shows each fault at its field, and returns those that belong to none. */
  faults(faults: readonly Fault[]): Fault[] {
    const rest = faults.filter(({ path: [name = ''] }) => !this.#fields.has(name));
    for (const [name, field] of this.#fields) {
      field.fault(faults.filter(({ path }) => path[0] === name).map(({ detail }) => detail));
    }
    this.#showRelevant();
    return rest;
  }
}

type OnValue = (value: unknown) => void;

function fieldOf(name: string, schema: Schema, required: boolean, onValue: OnValue): Field {
  if (schema.enum !== undefined) {
    return choiceField(name, schema, onValue);
  }
  switch (schema.type) {
    case 'boolean':
      return switchField(name, schema, onValue);
    case 'integer':
    case 'number':
      return numberField(name, schema, onValue);
    case 'array':
      return schema.items?.type === 'object' ? rowsField(name, schema, required, onValue) : listField(name, schema, onValue);
    case 'object':
      return mapField(name, schema, required, onValue);
    default:
      return jsonField(name, schema, onValue);
  }
}

/** The frame of a field: label, hint, and room for the server's words. */
function frame(name: string, schema: Schema, control: HTMLElement, extra: { id?: string; group?: boolean; aside?: Node } = {}) {
  const errors = h('p', { class: 'field-error', id: freshId('error'), role: 'alert' });
  const hint = h('p', { class: 'hint', id: freshId('hint') }, schema.description ?? '');
  const label = extra.group === true ? h('span', { class: 'label', id: freshId('label') }, name) : h('label', { class: 'label', for: extra.id ?? '' }, name);
  const element = h(
    'div',
    { class: 'field', 'data-argument': name, ...(extra.group === true ? { role: 'group', 'aria-labelledby': label.id } : {}) },
    h('div', { class: 'field-head' }, label, extra.aside),
    control,
    hint,
    errors,
  );
  const fault = (details: readonly string[]): void => {
    const text = details.join(' ');
    if (errors.textContent !== text) {
      errors.textContent = text;
    }
    element.classList.toggle('is-faulty', details.length > 0);
    for (const input of element.querySelectorAll('input, select, textarea')) {
      input.toggleAttribute('aria-invalid', false);
      if (details.length > 0) {
        input.setAttribute('aria-invalid', 'true');
      } else {
        input.removeAttribute('aria-invalid');
      }
    }
  };
  return { element, fault, describedBy: `${hint.id} ${errors.id}` };
}

function choiceField(name: string, schema: Schema, onValue: OnValue): Field {
  const id = freshId('choice');
  const options = (schema.enum ?? []).map((value) => h('option', { value }, value));
  if (schema.default === undefined) {
    options.unshift(h('option', { value: '' }, 'automatic'));
  }
  const select = h('select', { id, onchange: () => { onValue(select.value === '' ? undefined : select.value); } }, ...options);
  const { element, fault, describedBy } = frame(name, schema, select, { id });
  select.setAttribute('aria-describedby', describedBy);
  return {
    element,
    fault,
    show: (value) => {
      const text = typeof value === 'string' ? value : '';
      // A value that is no choice is kept, so that what the server says of it stands beside it.
      if (text !== '' && !options.some((option) => option.value === text)) {
        select.append(h('option', { value: text }, text));
      }
      select.value = text;
    },
  };
}

function switchField(name: string, schema: Schema, onValue: OnValue): Field {
  const id = freshId('switch');
  const input = h('input', { id, type: 'checkbox', role: 'switch', class: 'switch', onchange: () => { onValue(input.checked); } });
  const { element, fault, describedBy } = frame(name, schema, h('span'), { id, aside: input });
  element.classList.add('is-switch');
  input.setAttribute('aria-describedby', describedBy);
  return { element, fault, show: (value) => { input.checked = value === true; } };
}

function numberField(name: string, schema: Schema, onValue: OnValue): Field {
  const id = freshId('number');
  const { slider, input, spoken, show } = numberControls(name, id, schema.minimum ?? 0, schema.maximum ?? 1_000_000, schema.default, onValue);
  const { element, fault, describedBy } = frame(name, schema, h('div', { class: 'number' }, slider, input), { id, aside: spoken });
  input.setAttribute('aria-describedby', describedBy);
  return { element, fault, show };
}

/** A box and a slider for one number, with what the number means in words where its name tells its unit. */
export function numberControls(name: string, id: string, min: number, max: number, fallback: unknown, onValue: OnValue, spokenAs?: (value: number) => string, read: (text: string) => unknown = parseNumber) {
  const words = spokenAs ?? ((value: number): string => unitOf(name, value));
  const spoken = h('span', { class: 'spoken' });
  const input = h('input', {
    id,
    type: 'text',
    inputmode: 'decimal',
    autocomplete: 'off',
    spellcheck: 'false',
    size: 9,
    placeholder: fallback === undefined ? 'automatic' : '',
    oninput: () => {
      const value = read(input.value);
      present(value);
      onValue(value);
    },
  });
  let shown = min;
  const slide = (position: number): void => {
    const value = valueAt(position / STEPS, min, max);
    input.value = String(value);
    present(value);
    onValue(value);
  };
  const slider = h('input', {
    type: 'range',
    min: 0,
    max: STEPS,
    step: 1,
    'aria-label': `${name}, slider`,
    oninput: () => { slide(Number(slider.value)); },
    onkeydown: (event) => {
      const { key, altKey, ctrlKey, metaKey } = event as KeyboardEvent;
      const step = STEP_OF_KEY[key];
      if (step === undefined || altKey || ctrlKey || metaKey) {
        return;
      }
      event.preventDefault();
      let position = Number(slider.value) + step;
      while (position > 0 && position < STEPS && (valueAt(position / STEPS, min, max) - shown) * step <= 0) {
        position += Math.sign(step);
      }
      slide(Math.min(STEPS, Math.max(0, position)));
    },
  });
  const present = (value: unknown): void => {
    const number = typeof value === 'number' ? value : typeof fallback === 'number' ? fallback : undefined;
    shown = number ?? min;
    slider.value = String(Math.round(STEPS * positionOf(number ?? min, min, max)));
    slider.setAttribute('aria-valuetext', number === undefined ? 'automatic' : words(number) === '' ? String(number) : words(number));
    spoken.textContent = number === undefined ? '' : words(number);
  };
  const show = (value: unknown): void => {
    const text = value === undefined ? '' : typeof value === 'number' ? String(value) : JSON.stringify(value);
    if (document.activeElement !== input || read(input.value) !== value) {
      input.value = text;
    }
    present(value);
  };
  return { slider, input, spoken, show };
}

function unitOf(name: string, value: number): string {
  if (/Ms$/u.test(name)) {
    return value === 0 ? '' : say(value, 'ms');
  }
  return /Seconds$/u.test(name) ? say(value, 'seconds') : '';
}

/** What is no number goes to the server as it is written, so that the answer is the one every caller gets. */
function parseNumber(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') {
    return undefined;
  }
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : trimmed;
}

/** What is no JSON goes to the server as it is written. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Wide ranges are spread by orders of magnitude. */
function isWide(min: number, max: number): boolean {
  return max - min > 200;
}

function positionOf(value: number, min: number, max: number): number {
  const clamped = Math.min(max, Math.max(min, value));
  if (!isWide(min, max)) {
    return max === min ? 0 : (clamped - min) / (max - min);
  }
  return Math.log(clamped - min + 1) / Math.log(max - min + 1);
}

function valueAt(position: number, min: number, max: number): number {
  if (!isWide(min, max)) {
    return Math.round(min + position * (max - min));
  }
  const value = Math.exp(position * Math.log(max - min + 1)) + min - 1;
  const rounded = value >= 100 ? Number(value.toPrecision(2)) : Math.round(value);
  return Math.min(max, Math.max(min, rounded));
}

function listField(name: string, schema: Schema, onValue: OnValue): Field {
  const id = freshId('list');
  const input = h('input', {
    id,
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
    oninput: () => {
      const parts = input.value.split(',').map((part) => part.trim()).filter((part) => part !== '');
      onValue(parts.map((part) => (Number.isFinite(Number(part)) ? Number(part) : part)));
    },
  });
  const { element, fault, describedBy } = frame(name, schema, input, { id });
  input.setAttribute('aria-describedby', describedBy);
  return {
    element,
    fault,
    show: (value) => {
      if (document.activeElement !== input) {
        input.value = Array.isArray(value) ? value.join(', ') : value === undefined ? '' : JSON.stringify(value);
      }
    },
  };
}

interface Row {
  readonly element: HTMLElement;
  readonly value: () => Record<string, unknown>;
}

/** A list of objects: a row for each, a box for each member. */
function rowsField(name: string, schema: Schema, required: boolean, onValue: OnValue): Field {
  const members = Object.entries(schema.items?.properties ?? {});
  const isNeeded = (member: string): boolean => schema.items?.required?.includes(member) ?? false;
  return rows(name, schema, required, onValue, {
    row: (entry, changed) => rowOf(members, isNeeded, entry, changed),
    entriesOf: (value) => (Array.isArray(value) ? value : typeof value === 'object' && value !== null ? pairsOf(value as Record<string, unknown>, members) : []),
    valueOf: (all) => all,
    fresh: (count) => freshEntry(members, isNeeded, count),
  });
}

function rowOf(members: readonly [string, Schema][], isNeeded: (member: string) => boolean, entry: unknown, changed: () => void): Row {
  const given: Record<string, unknown> = typeof entry === 'object' && entry !== null ? { ...(entry as Record<string, unknown>) } : {};
  const inputs = members.map(([member, property]) => memberInput(member, property, given[member], isNeeded(member), (value) => {
    if (value === undefined) {
      delete given[member];
    } else {
      given[member] = value;
    }
    changed();
  }));
  return { element: h('div', { class: 'row-inputs' }, ...inputs), value: () => given };
}

/** An object from names to numbers, or to objects, each with members of its own. */
function mapField(name: string, schema: Schema, required: boolean, onValue: OnValue): Field {
  const value = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : { type: 'integer' };
  const own = value.properties;
  const members: [string, Schema][] = [['name', { type: 'string' }], ...(own === undefined ? [['value', value] as [string, Schema]] : Object.entries(own))];
  const isNeeded = (member: string): boolean => own === undefined || member === 'name' || (value.required?.includes(member) ?? false);
  return rows(name, schema, required, onValue, {
    row: (entry, changed) => rowOf(members, isNeeded, entry, changed),
    entriesOf: (all) => Object.entries((all ?? {}) as Record<string, unknown>).map(([key, each]) => (own === undefined ? { name: key, value: each } : { ...(each as object), name: key })),
    valueOf: (all) => Object.fromEntries(all.map(({ name: key, ...each }) => [String(key ?? ''), own === undefined ? each['value'] : each])),
    fresh: (count) => (own === undefined ? { name: `service${String(count + 1)}`, value: Math.max(value.minimum ?? 1, 10) } : freshEntry(members, isNeeded, count)),
  });
}

interface RowKind {
  row(entry: unknown, changed: () => void): Row;
  entriesOf(value: unknown): unknown[];
  valueOf(rows: Record<string, unknown>[]): unknown;
  fresh(count: number): unknown;
}

function rows(name: string, schema: Schema, required: boolean, onValue: OnValue, kind: RowKind): Field {
  let list: Row[] = [];
  const body = h('div', { class: 'rows' });
  const changed = (): void => {
    const all = list.map((row) => row.value());
    onValue(all.length === 0 && !required ? undefined : kind.valueOf(all));
  };
  const append = (entry: unknown): void => {
    const row = kind.row(entry, changed);
    list.push(row);
    const remove = h('button', { type: 'button', class: 'icon-button', 'aria-label': `Remove from ${name}`, onclick: () => {
      list = list.filter((each) => each !== row);
      element.remove();
      add.focus();
      changed();
    } }, icon(REMOVE));
    const element = h('div', { class: 'row' }, row.element, remove);
    body.append(element);
  };
  const add = h('button', { type: 'button', class: 'icon-button', 'aria-label': `Add to ${name}`, onclick: () => {
    append(kind.fresh(list.length));
    changed();
    (body.lastElementChild?.querySelector('input') as HTMLInputElement | null)?.select();
  } }, icon(ADD));
  const { element, fault } = frame(name, schema, body, { group: true, aside: add });
  let shown = '';
  return {
    element,
    fault,
    show: (value) => {
      const entries = kind.entriesOf(value);
      shown = JSON.stringify(entries);
      if (shown === JSON.stringify(kind.entriesOf(kind.valueOf(list.map((row) => row.value()))))) {
        return;
      }
      list = [];
      body.replaceChildren();
      for (const entry of entries) {
        append(entry);
      }
    },
  };
}

function memberInput(member: string, schema: Schema, value: unknown, needed: boolean, onValue: OnValue): HTMLElement {
  if (schema.type === 'boolean') {
    const box = h('input', { type: 'checkbox', onchange: () => { onValue(box.checked ? true : schema.default === true ? false : undefined); } });
    box.checked = typeof value === 'boolean' ? value : schema.default === true;
    return h('label', { class: 'member is-box' }, box, h('span', {}, member));
  }
  const isNumber = schema.type === 'integer' || schema.type === 'number';
  const isObject = schema.type === 'object';
  const read = (text: string): unknown => (isNumber ? parseNumber(text) : text === '' && !needed ? undefined : isObject ? parseJson(text) : text);
  const input = h('input', {
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
    inputmode: isNumber ? 'decimal' : 'text',
    placeholder: needed ? '' : isObject ? 'none, or JSON' : 'automatic',
    oninput: () => { onValue(read(input.value)); },
  });
  input.value = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  return h('label', { class: `member${isNumber ? ' is-number' : isObject ? ' is-wide' : ''}` }, h('span', {}, member), input);
}

function pairsOf(map: Record<string, unknown>, members: readonly [string, Schema][]): unknown[] {
  const number = members.find(([, { type }]) => type === 'integer')?.[0] ?? 'value';
  return Object.entries(map).map(([name, value]) => (typeof value === 'number' ? { name, [number]: value } : { name, ...(value as object) }));
}

function freshEntry(members: readonly [string, Schema][], isNeeded: (member: string) => boolean, count: number): unknown {
  return Object.fromEntries(
    members
      .filter(([member]) => isNeeded(member))
      .map(([member, { type, minimum }]) => [member, type === 'integer' || type === 'number' ? Math.max(minimum ?? 1, /Ms$/u.test(member) ? 1000 : 10) : `service${String(count + 1)}`]),
  );
}

function jsonField(name: string, schema: Schema, onValue: OnValue): Field {
  const id = freshId('json');
  const input = h('textarea', { id, rows: 3, spellcheck: 'false', oninput: () => {
    try {
      onValue(input.value.trim() === '' ? undefined : JSON.parse(input.value));
      fault([]);
    } catch {
      fault(['Not JSON.']);
    }
  } });
  const { element, fault, describedBy } = frame(name, schema, input, { id });
  input.setAttribute('aria-describedby', describedBy);
  return {
    element,
    fault,
    show: (value) => {
      if (document.activeElement !== input) {
        input.value = value === undefined ? '' : JSON.stringify(value, null, 2);
      }
    },
  };
}
