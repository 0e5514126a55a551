/* global document, window, getComputedStyle */
// MCP Inspector's page in Chromium, in the dark: what a person sees there of the lists, the forms, the answers and the errors.
// With CROWVAULT_PICTURES=FOLDER it leaves a picture of each.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { freePort } from '../../shared/port.mjs';
import { temporaryFolder } from '../../shared/temporary.mjs';
import { modernNode, program, programArguments } from '../lib/server.mjs';

const inspector = join(
  createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector/package.json'),
  '../clients/launcher/build/index.js',
);
const pictures = process.env.CROWVAULT_PICTURES;
const tools = [
  ['Circuit breaker', 'generate_circuit_breaker'],
  ['Retry policy', 'generate_retry_policy'],
  ['Rate limiter', 'generate_rate_limiting'],
  ['Timeouts', 'generate_timeout_config', { operations: [{ name: 'orders.get', timeoutMs: 2000 }] }],
  ['Bulkhead', 'generate_bulkhead', { partitions: [{ name: 'orders', maxConcurrent: 10 }] }],
];
let child;
let browser;
let page;

before(async () => {
  child = spawn(modernNode, [inspector, '--web', program, ...programArguments], {
    env: {
      ...process.env,
      HOME: temporaryFolder('inspector'),
      MCP_AUTO_OPEN_ENABLED: 'false',
      MCP_INSPECTOR_SECRET_STORE: 'memory',
      DANGEROUSLY_OMIT_AUTH: 'true',
      HOST: '127.0.0.1',
      CLIENT_PORT: String(await freePort()),
      SERVER_PORT: String(await freePort()),
    },
    // A group of its own: the launcher starts others.
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  for (let n = 0; n < 600 && !/up and running/.test(said); n++) await new Promise((next) => setTimeout(next, 100));
  const [address] = /http:\/\/127\.0\.0\.1:\d+(?=\s)/.exec(said) ?? assert.fail(said);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  page = await (await browser.newContext({ colorScheme: 'dark', viewport: { width: 1400, height: 1000 } })).newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(address);
  await page.locator('[role=switch]').first().click({ force: true });
  await page.getByText('Connected', { exact: true }).waitFor();
});
after(async () => {
  await browser?.close();
  if (child?.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
});

const picture = async (name) => pictures && page.screenshot({ path: join(pictures, `${name}.png`) });
const signs = { Tools: /^Tools \(5\)/u, Prompts: /^Prompts \(2\)/u, Resources: /^URIs \(/u };
const entry = (text) => page.locator('button', { hasText: text });
const text = () => page.locator('body').innerText();

/** Goes to one of the lists; the page takes no click while it is still connecting, and moves for a moment. */
async function view(name) {
  for (let n = 0; n < 40 && !(await page.getByText(signs[name]).first().isVisible()); n++) {
    await page.getByText(name, { exact: true }).first().click({ force: true });
    await page.waitForTimeout(500);
  }
}

/** Gives a tool's arguments as JSON, in the editor of the form. */
async function fill(args) {
  await page.getByRole('switch', { name: 'Edit as JSON' }).click({ force: true });
  await page.locator('.ace_editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(JSON.stringify(args));
}

async function call(name, args) {
  await entry(name).click();
  await page.getByRole('button', { name: 'Execute Tool' }).waitFor();
  if (args !== undefined) await fill(args);
  await page.getByRole('button', { name: 'Execute Tool' }).click();
  await page.getByText('Results', { exact: true }).waitFor();
}

test('the tools stand there by their titles, with icons of a colour', async () => {
  await view('Tools');
  for (const [title, name] of tools) {
    assert.ok((await entry(name).innerText()).startsWith(title), name);
    const icon = entry(name).locator('img').first();
    const drawn = await icon.evaluate(async (image) => {
      await image.decode();
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [32, 32];
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0, 32, 32);
      const { data } = context.getImageData(0, 0, 32, 32);
      const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
      const lights = [];
      for (let n = 0; n < data.length; n += 4) {
        if (data[n + 3] < 200) continue;
        const [red, green, blue] = [...data.slice(n, n + 3)].map((value) => linear(value / 255));
        lights.push(0.2126 * red + 0.7152 * green + 0.0722 * blue);
      }
      const light = lights.reduce((sum, each) => sum + each, 0) / lights.length;
      return { points: lights.length, onWhite: 1.05 / (light + 0.05), onBlack: (light + 0.05) / 0.05 };
    });
    // Neither black on black nor white on white: the contrast that WCAG 2 asks of graphics (1.4.11).
    assert.ok(drawn.points > 50 && drawn.onWhite >= 3 && drawn.onBlack >= 3, `${name}: ${JSON.stringify(drawn)}`);
  }
  await picture('tools');
});

test('the form of each tool, left as it is but for what is required, gives code', async () => {
  await view('Tools');
  for (const [, name, required] of tools) {
    await call(name, required);
    await page.getByText('To write the same bytes, run:').waitFor();
    assert.match(await text(), /export (?:class|function|const) /u, name);
    await picture(name);
  }
});

test('a long error can be read to its end, and its corrected call is there', async () => {
  await view('Tools');
  await call('generate_circuit_breaker', { failureTreshold: 3, recoveryTime: '30s', x1: 1, x2: 2, x3: 3 });
  const error = page.getByText('Corrected call: generate_circuit_breaker {"failureThreshold":3,"recoveryTimeMs":30000}');
  await error.waitFor();
  await picture('error');
  const { right, width } = await error.evaluate((element) => ({ right: element.getBoundingClientRect().right, width: window.innerWidth }));
  assert.ok(right <= width);
  assert.ok(
    await error.evaluate((element) => element.scrollWidth <= element.clientWidth + 1 || getComputedStyle(element).overflowX !== 'hidden'),
  );
});

test('the prompts and the resources stand there by names that people read', async () => {
  await view('Prompts');
  for (const title of ['Defence in depth', 'Which pattern']) await page.getByText(title, { exact: true }).first().waitFor();
  await picture('prompts');
  await view('Resources');
  for (const title of ['Resilience stack', ...tools.map(([each]) => `${each} guide`), 'What the arguments do'])
    await page.getByText(title, { exact: true }).first().waitFor();
  assert.doesNotMatch(await text(), /\w\.md\b/u);
  await picture('resources');
});

test('the code that a prompt brings is drawn as code', async () => {
  await view('Prompts');
  await page.getByText('Defence in depth', { exact: true }).first().click();
  await page.getByRole('textbox', { name: 'services' }).fill('orders,payments');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Get Prompt' }).click();
  // The page draws what stands in a fence as code.
  await page.locator('pre, code', { hasText: 'Resilience stack. Generated by' }).first().waitFor();
  await picture('prompt');
});

/** Opens a tool's page as an app, with the form's arguments and these; answers the frame in which it stands. */
async function openApp(title, args) {
  for (let n = 0; n < 40 && !(await page.getByText('MCP Apps (5)').isVisible()); n++) {
    await page.getByText('Apps', { exact: true }).first().click({ force: true });
    await page.waitForTimeout(500);
  }
  await page.locator('button', { hasText: new RegExp(`^${title}`, 'u') }).click();
  const open = page.getByRole('button', { name: 'Open App', exact: true });
  await open.waitFor();
  if (args !== undefined) await fill(args);
  await open.click();
  const app = page.frameLocator('iframe').frameLocator('iframe');
  await app.getByRole('heading', { name: title }).waitFor();
  return app;
}

test('the page of each tool opens as an app in the sandbox, and draws what the arguments do', async () => {
  for (const [title, name, required] of tools) {
    const app = await openApp(title, name === 'generate_circuit_breaker' ? { failureThreshold: 9 } : required);
    const plot = app.locator('canvas').first();
    await plot.waitFor();
    // More than one colour: something is drawn.
    await assert.doesNotReject(
      plot.evaluate(async (canvas) => {
        const colours = () =>
          new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
        for (let n = 0; n < 100 && colours() < 3; n++) await new Promise((next) => setTimeout(next, 100));
        if (colours() < 3) throw new Error('nothing is drawn');
      }),
      name,
    );
    if (name === 'generate_circuit_breaker') {
      const threshold = app.locator('[data-argument="failureThreshold"] input[type=text]');
      assert.equal(await threshold.inputValue(), '9');
      await threshold.fill('3');
      await app.locator('.changes li', { hasText: 'failureThreshold 9→3' }).waitFor();
      await app.getByRole('button', { name: 'Use these arguments' }).click();
      await app.getByText('The arguments are in the conversation.').waitFor();
      await page.getByText('Messages from app (1)').waitFor();
      await page.getByText('Call generate_circuit_breaker with {"failureThreshold":3}').waitFor();
    }
    await picture(`app-${name}`);
    await page.getByRole('button', { name: 'Back to Input' }).click();
  }
});
