// The injection gate: no argument's text becomes code.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mode, requiredOf } from '../lib/corpus.mjs';
import { allowedName, hostileChoice, hostileList, hostileMap, hostileName, hostileNumber } from '../lib/hostile.mjs';
import { Pipe } from '../lib/pipe.mjs';
import { randomOf } from '../lib/random.mjs';
import { record } from '../lib/results.mjs';
import { disconnect, tools } from '../lib/server.mjs';
import { examine } from '../lib/tree.mjs';

const amount = Number(process.env.CROWVAULT_INPUTS ?? { quick: 300, default: 6_000, full: 100_000 }[mode]);
// Each accepted map is parsed and compared, which costs ten times what a refusal does.
const maps = mode === 'default' ? Math.min(amount, 1_500) : amount;
const catalog = await tools();
await disconnect();
const pipe = await Pipe.open();
const runs = [];
let caughtEmitters = 0;

after(() => {
  pipe.close();
  record('injection', { inputs: amount, runs, broken: Object.keys(broken).length, caught: caughtEmitters });
});

// A list of objects with names; its short form, an object from name to number, is what is attacked.
const isMap = (schema) => schema.items?.type === 'object';
const numberOf = ({ items }) => items.properties[items.required.find((name) => name !== 'name')];

// Where an object needs more than one number there is no short form: the others are counted up.
function entriesOf({ items }, map) {
  const [first, ...others] = items.required.filter((name) => name !== 'name');
  if (others.length === 0) return map;
  return Object.entries(map).map(([name, number], index) => ({
    name,
    [first]: number,
    ...Object.fromEntries(others.map((other) => [other, 1000 + index])),
  }));
}
const namesOf = (entries) => (Array.isArray(entries) ? entries.map(({ name }) => name) : Object.keys(entries));
const choicesOf = (schema) => schema.enum ?? schema.items?.enum;

/**
 * Sends `inputs` hostile values of one argument in batches and keeps what came of it. `judge(args, output)` gives what is wrong with an
 * accepted output, or undefined; `close` ends a batch and gives a list of faults.
 */
async function attack({ tool, argument, inputs, value, judge, close = () => [] }) {
  const base = requiredOf(tool);
  const started = performance.now();
  const misses = [];
  let accepted = 0;
  const one = async () => {
    const args = { ...base, ...value() };
    const { result, error } = await pipe.call(tool.name, args);
    if (brokenText(args, error)) return;
    if (!result.isError) accepted++;
    const fault = result.isError ? faultOf(result.content[0].text) : await judge(args, result.structuredContent);
    if (fault !== undefined) misses.push(`${fault}: ${JSON.stringify(args)}`);
  };
  for (let start = 0; start < inputs; start += 500) {
    await Promise.all(Array.from({ length: Math.min(500, inputs - start) }, one));
    misses.push(...close());
  }
  const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
  runs.push({ tool: tool.name, argument, inputs, accepted, misses: misses.length, seconds });
  assert.equal(misses.length, 0, `${String(misses.length)} misses\n${misses.slice(0, 5).join('\n')}`);
  return accepted;
}

// Half of a surrogate pair is no text; the protocol itself may refuse that. Nothing else may end in a protocol error.
function brokenText(args, error) {
  if (error !== undefined) assert.match(JSON.stringify(args), /\\ud[89a-f]/u, JSON.stringify(error));
  return error !== undefined;
}

// A refusal goes to terminals and logs: it must not carry the attack there.
function faultOf(refusal) {
  const bad = /[^\n\x20-\x7e]/u.exec(refusal);
  if (bad !== null) return `a refusal carries U+${bad[0].codePointAt(0).toString(16)}: ${JSON.stringify(refusal)}`;
  return refusal.length < 20_000 ? undefined : `a refusal of ${String(refusal.length)} characters`;
}

const benignRuns = new Map();

// The same call with names that nobody could take offence at.
function benignOf(tool, argument, schema, args) {
  const size = namesOf(args[argument]).length;
  const rest = { ...args, [argument]: undefined };
  const key = JSON.stringify([tool, argument, size, rest]);
  let found = benignRuns.get(key);
  if (found === undefined) {
    if (benignRuns.size > 300) benignRuns.clear();
    const names = Array.from({ length: size }, (_, index) => `benign${String(index)}`);
    found = pipe
      .call(tool, { ...args, [argument]: entriesOf(schema, Object.fromEntries(names.map((name) => [name, 10]))) })
      .then(({ result }) => ({ names, result: result.structuredContent }));
    benignRuns.set(key, found);
  }
  return found;
}

for (const tool of catalog) {
  const base = requiredOf(tool);
  for (const [argument, schema] of Object.entries(tool.inputSchema.properties)) {
    const seed = [...`${tool.name}.${argument}`].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7);
    const random = randomOf(seed);
    if (isMap(schema)) {
      test(`${tool.name}.${argument}: ${String(maps)} hostile maps`, async () => {
        let batch = [];
        const accepted = await attack({
          tool,
          argument,
          inputs: maps,
          value: () => ({
            [argument]: entriesOf(schema, hostileMap(random, numberOf(schema))),
            ...(random.next() < 0.1 && { withTests: true }),
          }),
          judge: async (args, { files }) => {
            const benign = await benignOf(tool.name, argument, schema, args);
            const names = namesOf(args[argument]);
            if (files.length !== benign.result.files.length) return 'another number of files';
            for (const [index, file] of files.entries()) {
              const reference = benign.result.files[index].content;
              batch.push({ text: file.content, names, benign: reference, benignNames: benign.names, table: file.role === 'source' });
            }
            return undefined;
          },
          close: () => {
            const cases = batch;
            batch = [];
            return examine(cases).flatMap((faults, index) =>
              faults.length === 0 ? [] : [`${faults.join(', ')}: ${JSON.stringify(cases[index].names)}\n${cases[index].text}`],
            );
          },
        });
        assert.ok(accepted > maps / 10, 'too few inputs were accepted to prove anything');
      });
    } else if (choicesOf(schema) || schema.type === 'string') {
      test(`${tool.name}.${argument}: ${String(amount)} hostile texts`, async () => {
        const choices = choicesOf(schema);
        await attack({
          tool,
          argument,
          inputs: amount,
          value: () => ({ [argument]: hostileChoice(random, choices) }),
          judge: (args) => (args[argument] === null || choices.includes(args[argument]) ? undefined : 'accepted what is no choice'),
        });
      });
    } else if (schema.type === 'array') {
      test(`${tool.name}.${argument}: ${String(amount)} hostile lists`, async () => {
        await attack({
          tool,
          argument,
          inputs: amount,
          value: () => ({ [argument]: hostileList(random) }),
          judge: (args, { files }) => {
            const list = args[argument];
            const sound =
              list === null ||
              (list.length >= 1 && list.length <= 50 && list.every((each) => Number.isInteger(each) && each >= 400 && each <= 599));
            if (!sound) return 'accepted what is no list of statuses';
            return /[^\n\x20-\x7e]/u.test(files[0].content) ? 'not ASCII' : undefined;
          },
        });
      });
    }
  }

  test(`${tool.name}: numbers that are none, and arguments that do not exist`, async () => {
    const random = randomOf(99);
    const entries = Object.entries(tool.inputSchema.properties).filter(([, schema]) => schema.type === 'integer');
    const inputs = Math.min(amount, 5_000);
    let refused = 0;
    for (let start = 0; start < inputs; start += 250) {
      await Promise.all(
        Array.from({ length: 250 }, async () => {
          const args = { ...base };
          let fault = false;
          if (entries.length > 0) {
            const [name, schema] = random.pick(entries);
            const value =
              random.next() < 0.5
                ? hostileNumber(random, schema)
                : random.pick(['1', 0.5, -1, null, true, [], {}, 1e300, schema.maximum + 1]);
            args[name] = value;
            // null is the same as left out
            fault ||= value !== null && (!Number.isInteger(value) || value < schema.minimum || value > schema.maximum);
          }
          if (random.next() < 0.3) {
            const name = hostileName(random);
            if (!(name in tool.inputSchema.properties)) {
              Object.defineProperty(args, name, { value: 1, enumerable: true });
              fault = true;
            }
          }
          const { result, error } = await pipe.call(tool.name, args);
          if (brokenText(args, error)) return;
          if (result.isError) {
            refused++;
            assert.equal(faultOf(result.content[0].text), undefined, JSON.stringify(args));
          } else assert.ok(!fault, `accepted ${JSON.stringify(args)}`);
        }),
      );
    }
    assert.ok(refused > inputs / 10);
  });
}

for (const tool of catalog) {
  for (const [argument, schema] of Object.entries(tool.inputSchema.properties).filter(([, each]) => isMap(each))) {
    test(`${tool.name}.${argument}: a name that stands twice in the JSON text is refused`, async () => {
      for (const text of ['"a":10,"a":20', '"a":10,"\\u0061":20', '"a":10,"A":20']) {
        const rest = Object.entries(requiredOf(tool))
          .filter(([name]) => name !== argument)
          .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`);
        const { result, error } = await pipe.callText(tool.name, `{${JSON.stringify(argument)}:{${text}}${rest.join('')}}`);
        assert.ok(error !== undefined || result.isError, `${text} was accepted`);
      }
      void schema;
    });
  }
}

// Six emitters that are broken on purpose. Each makes one mistake that a careless template or a missing check could make; the gate has to
// catch every one within a few hundred hostile maps.
const template = ({ names, key, comment = () => '' }) =>
  `/*\n * Timeouts.\n * Arguments: ${comment(names)}\n */\n\nexport const TIMEOUTS = {\n${names.map((name) => `  ${key(name)}: 10,\n`).join('')}} as const;\n\n// Work.\nexport type Operation = keyof typeof TIMEOUTS;\n\nexport const clock = { at: 0 };\n`;
const quoted = (name) => `'${name.replace(/[^\x20-\x7e]|['\\]/gu, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
const broken = {
  'prints names between quotes as they are': (names) => template({ names, key: (name) => `'${name}'` }),
  'prints names without quotes': (names) => template({ names, key: (name) => (/^[a-z_$][\w$]*$/iu.test(name) ? name : quoted(name)) }),
  'prints names into a comment as they are': (names) =>
    template({ names, key: (name) => `[${quoted(name)}]`.slice(1, -1), comment: (all) => all.join(', ') }),
  'lets other characters than ASCII through': (names) =>
    template({ names, key: (name) => `'${name.replace(/[\n\r\u2028\u2029'\\]/gu, '_')}'` }),
  'prints names as templates': (names) => template({ names, key: (name) => (name.includes('`') ? quoted(name) : `[\`${name}\`]`) }),
  'repairs names instead of refusing them': (names) => template({ names, key: (name) => `'${name.replace(/[^A-Za-z0-9_.-]/gu, '_')}'` }),
};

for (const [mistake, emitter] of Object.entries(broken)) {
  test(`the gate catches an emitter that ${mistake}`, () => {
    const random = randomOf(5);
    let caught = 0;
    for (let index = 0; index < 300 && caught === 0; index++) {
      const names = [...new Set(Array.from({ length: random.between(1, 3) }, () => hostileName(random)))];
      const benignNames = names.map((_, position) => `benign${String(position)}`);
      const [faults] = examine([{ text: emitter(names), names, benign: emitter(benignNames), benignNames, table: true }]);
      if (faults.length > 0) caught++;
    }
    assert.ok(caught > 0);
    caughtEmitters++;
  });
}

test('the gate lets a sound emitter pass, whatever else its code calls by the same name', () => {
  const random = randomOf(6);
  const sound = (names) => template({ names, key: quoted });
  for (let index = 0; index < 200; index++) {
    const drawn = Array.from({ length: random.between(1, 3) }, () => allowedName(random));
    const names = [...new Set(index % 10 === 0 ? ['at', ...drawn] : drawn)].filter((each) => each !== '__proto__');
    const benignNames = names.map((_, position) => `benign${String(position)}`);
    assert.deepStrictEqual(
      examine([{ text: sound(names), names, benign: sound(benignNames), benignNames, table: true }]),
      [[]],
      JSON.stringify(names),
    );
  }
});
