// Chromium and the server under test, both ended with the test file.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serve as serveProgram } from '../../shared/processes.mjs';
import { programUnderTest } from '../../shared/program.mjs';

export const TOOLS = [
  'generate_circuit_breaker',
  'generate_retry_policy',
  'generate_rate_limiting',
  'generate_timeout_config',
  'generate_bulkhead',
];

export const serve = (env = {}, more = []) => {
  const { command, args } = programUnderTest();
  return serveProgram(command, [...args, 'serve', '--transport', 'http', ...more], { env });
};

export async function launch() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`${executablePath} is missing: install chromium, or name another with CHROMIUM.`);
  }
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--font-render-hinting=none', '--disable-lcd-text'],
    env: { ...process.env, FONTCONFIG_FILE: fileURLToPath(new URL('../fonts.conf', import.meta.url)) },
  });
}

/**
 * A page that keeps account of what must not happen: `faults` are violations of the policy, errors, dialogs, and requests to anybody
 * but its own server.
 */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) =>
      window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`),
    );
    window.drawn = [];
    document.addEventListener('drawn', ({ detail }) => {
      window.firstDrawn ??= performance.now();
      if (detail.done) window.drawn.push(detail);
    });
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A refusal is an answer of 400, which Chromium reports as a failed resource.
    if (message.type() === 'error' && !/status of 400/u.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const { origin } = new URL(url);
  page.on('request', (request) => {
    const address = request.url();
    if (
      address !== url.split('#')[0] &&
      !address.startsWith(`${origin}/`) &&
      !address.startsWith(`blob:${origin}/`) &&
      !address.startsWith('data:')
    ) {
      faults.push(`request: ${address}`);
    }
  });
  await page.goto(url);
  return {
    page,
    close: () => context.close(),
    faults: async () => [...faults, ...(await page.evaluate(() => window.violations))],
  };
}

/** Runs `act` in the page's driver and resolves with the next finished drawing. */
export async function drawnAfter(page, act) {
  const before = await page.evaluate(() => window.drawn.length);
  await act();
  await page.waitForFunction((count) => window.drawn.length > count, before, { timeout: 30_000 });
  return page.evaluate(() => window.drawn.at(-1));
}

export const shown = (page) => page.waitForFunction(() => window.drawn.length > 0, undefined, { timeout: 30_000 });

/** When nothing on the page moves any more, neither what is drawn nor what it is compared with. */
export const atRest = (page) => page.waitForSelector('[aria-busy=false]', { timeout: 30_000 });
