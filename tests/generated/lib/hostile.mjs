// Seeded inputs that try to leave the place where a name or a choice is printed.
const fragments = [
  "'",
  '"',
  '`',
  '\\',
  '\n',
  '\r',
  '\r\n',
  '\u2028',
  '\u2029',
  '\u0000',
  '\u0008',
  '\u001b[31m',
  '\u007f',
  '\u0085',
  '\u00a0',
  '\ufeff',
  '*/',
  '/*',
  '//',
  '<!--',
  '-->',
  '</script>',
  '${',
  '}',
  '{{',
  '}}',
  '{%',
  '%}',
  '${globalThis.taken=1}',
  '`+x+`',
  "'];x=['",
  "': 0, 'x",
  "'+alert(1)+'",
  '\\u0027',
  '\\x27',
  '\\n',
  '\u202e',
  '\u202d',
  '\u2066',
  '\u2069',
  '\u200b',
  '\u200d',
  '\u00ad',
  '\ud800',
  '\udfff',
  '\ud83d\ude00',
  '\u212a',
  '\u0131',
  '\u0130',
  '\uff41',
  '\u0430',
  '\u00df',
  '\u0301',
  ' ',
  '\t',
  ',',
  ';',
  ':',
  '=',
  '(',
  ')',
  '[',
  ']',
  '<',
  '>',
  '&',
  '|',
  '!',
  '?',
  '#',
  '@',
  '%',
  '^',
  '~',
  '+',
  '$',
  '/',
];
const words = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  'then',
  '__defineGetter__',
  '__lookupSetter__',
  'isPrototypeOf',
  'toJSON',
  'get',
  'set',
  'async',
  'await',
  'static',
  'class',
  'default',
  'delete',
  'function',
  'import',
  'let',
  'new',
  'null',
  'this',
  'true',
  'typeof',
  'undefined',
  'var',
  'yield',
  'enum',
  'eval',
  'arguments',
  'NaN',
  'Infinity',
  'length',
  'name',
  'caller',
  'Proto',
  'PROTOTYPE',
  'Constructor',
  '__PROTO__',
  'con',
  'nul',
  'a',
  'A',
  'z9',
  'a.b',
  'a-b',
  'a_b',
  'a..b',
  'a-',
  'a.',
  'A-.',
  'users.get',
  'x--y',
];
const plain = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const inner = `${plain}0123456789_.-`;

/** A name of the allowed form. */
export function allowedName(random) {
  let text = random.pick(plain);
  for (let left = random.pick([0, 1, 3, 8, 20, 63]); left > 0; left--) text += random.pick(inner);
  return text;
}

/** A name that may or may not be allowed. */
export function hostileName(random) {
  switch (random.below(10)) {
    case 0:
      return random.pick(words);
    case 1: // a fault somewhere in a sound name, its end included
    case 2: {
      const name = allowedName(random);
      const at = random.pick([0, name.length, random.below(name.length + 1)]);
      return name.slice(0, at) + random.pick(fragments) + name.slice(at);
    }
    case 3: {
      let text = '';
      for (let left = random.between(0, 6); left > 0; left--) text += random.pick(fragments);
      return text;
    }
    case 4: {
      let text = '';
      for (let left = random.pick([0, 1, 2, 5, 30, 64, 65, 66, 300]); left > 0; left--)
        text += String.fromCharCode(random.below(random.pick([128, 256, 0x3000, 0x10000])));
      return text;
    }
    case 5:
      return random.pick(words) + random.pick(['', random.pick(fragments), random.pick(words)]);
    case 6:
      return random.pick(['', '.', '-', '_', '0', '9', ' ']) + allowedName(random);
    case 7:
      return 'a'.repeat(random.pick([63, 64, 65, 66, 1000]));
    default:
      return allowedName(random);
  }
}

const bound = (random, { minimum, maximum }) =>
  random.pick([minimum, maximum, random.between(minimum, maximum), random.between(minimum, Math.min(maximum, minimum + 5000))]);

/** A value where an integer is due: mostly a good one. */
export function hostileNumber(random, schema) {
  if (random.next() < 0.97) return bound(random, schema);
  return random.pick(['7', 1.5, -1, 0, 1e21, 2 ** 53, schema.maximum + 1, schema.minimum - 1, null, true, [], {}, '', '0x10']);
}

/** A map of such names: sometimes with a fault, sometimes not. */
export function hostileMap(random, schema) {
  const names = [];
  const sound = random.next() < 0.6;
  for (let left = random.pick([1, 1, 2, 3, 5, 12]); left > 0; left--)
    names.push(sound ? random.pick([allowedName(random), allowedName(random), random.pick(words)]) : hostileName(random));
  if (random.next() < 0.05) names.push(random.next() < 0.5 ? names[0].toUpperCase() : names[0].toLowerCase());
  const map = Object.create(null);
  for (const name of names) map[name] = hostileNumber(random, schema);
  return map;
}

/** Text where one of a few choices is due: the choices themselves, close misses, and anything. */
export function hostileChoice(random, choices) {
  const choice = random.pick(choices);
  switch (random.below(6)) {
    case 0:
      return random.next() < 0.1 ? choice : choice.toUpperCase();
    case 1: {
      const at = random.pick([0, choice.length, random.below(choice.length + 1)]);
      return choice.slice(0, at) + random.pick(fragments) + choice.slice(at);
    }
    case 2:
      return choice.slice(0, random.below(choice.length + 1)) + choice.slice(random.below(choice.length + 1));
    case 3:
      return random.pick([0, 1, -1, true, false, null, [choice], { [choice]: choice }, [], {}, 1.5]);
    default:
      return hostileName(random);
  }
}

/** A list where HTTP statuses are due. */
export function hostileList(random) {
  const list = [];
  for (let left = random.pick([0, 1, 1, 2, 4, 50, 51]); left > 0; left--) {
    list.push(
      random.next() < 0.93
        ? random.between(400, 599)
        : random.pick([399, 600, 0, -1, 429.5, '429', null, hostileName(random), [], {}, 1e300]),
    );
  }
  return list;
}
