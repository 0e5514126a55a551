// A folder in the system's temporary folder that is gone when the process ends.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = [];
process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })));

/** Makes a folder named after what it is for. */
export function temporaryFolder(purpose) {
  const folder = mkdtempSync(join(tmpdir(), `crowvault-${purpose}-`));
  folders.push(folder);
  return folder;
}
