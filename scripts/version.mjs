// Gives copies of the published descriptions the version of this release: version.mjs <version> <file>...
// In the repository they hold 0.0.0; the one number stands in Directory.Build.props.
import { readFileSync, writeFileSync } from 'node:fs';

const [version, ...files] = process.argv.slice(2);
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  if (!text.includes('"0.0.0"')) throw new Error(`${file} has no "0.0.0" to replace`);
  writeFileSync(file, text.replaceAll('"0.0.0"', JSON.stringify(version)));
}
