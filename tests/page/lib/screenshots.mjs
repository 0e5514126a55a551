// What a page looks like, held against the picture that was last looked at and accepted.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

const folder = fileURLToPath(new URL('../screenshots/', import.meta.url));
/** Pixels that may differ, of a million: another version of Chromium rounds corners and letters in another way. */
const TOLERATED = 2_000;

/** Compares the window's content with `screenshots/NAME.png`; `mask` lists selectors of what is not compared. */
export async function looksAsBefore(page, name, mask = []) {
  const expected = join(folder, `${name}.png`);
  const [actual, difference] = ['actual', 'difference'].map((kind) => join(folder, `${name}.received.${kind}.png`));
  const bytes = await page.screenshot({ animations: 'disabled', mask: mask.map((each) => page.locator(each)), maskColor: '#808080' });
  if (process.env.ACCEPT_SNAPSHOTS === '1' && (!existsSync(expected) || differing(readFileSync(expected), bytes) > 0)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(expected, bytes);
  }
  rmSync(actual, { force: true });
  rmSync(difference, { force: true });
  assert.ok(existsSync(expected), `${name}.png is missing: run with ACCEPT_SNAPSHOTS=1, then look at it.`);
  const count = differing(readFileSync(expected), bytes, (picture) => writeFileSync(difference, picture));
  if (count > TOLERATED) {
    writeFileSync(actual, bytes);
    assert.fail(
      `${name}: ${String(count)} pixels of a million differ. Look at ${actual} and at ${difference}; ACCEPT_SNAPSHOTS=1 takes it.`,
    );
  }
  rmSync(difference, { force: true });
}

/** How many pixels of a million differ to the eye; all of them where the sizes do. */
function differing(before, after, onPicture = () => undefined) {
  const [one, other] = [before, after].map((bytes) => PNG.sync.read(bytes));
  const { width, height } = one;
  if (width !== other.width || height !== other.height) return 1_000_000;
  const picture = new PNG({ width, height });
  const count = pixelmatch(one.data, other.data, picture.data, width, height, { threshold: 0.15 });
  onPicture(PNG.sync.write(picture));
  return Math.ceil((count * 1_000_000) / (width * height));
}
