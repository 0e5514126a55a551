// The same arguments give the same key, in whatever order they are written; the same in every runtime.
export function keyOf(tool, args) {
  const text = JSON.stringify(sorted(args));
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995) + (b >>> 15);
  }
  const hex = (value) => (value >>> 0).toString(16).padStart(8, '0');
  return `${tool}-${hex(a)}${hex(b)}${text.length.toString(16)}`;
}

// Maps keep their order: an operation's or partition's place shows in what is emitted.
const sorted = (args) =>
  Object.keys(args)
    .sort()
    .map((name) => [name, args[name]]);
