// The page as an MCP App: in the reference host's bridge, in a sandboxed frame, under the policy that hosts set.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { launch, serve } from './lib/browser.mjs';

const inWeb = createRequire(new URL('../../web/package.json', import.meta.url));

/** What a host sets where the app asks for nothing (the specification of MCP Apps, restrictive default). */
const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:; connect-src 'none'";

/** What the reference host sends with the frame that stands between it and an app. */
const PROXY_POLICY =
  "default-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; frame-src 'none'; object-src 'none'; base-uri 'none'";
const PROXY = `<!doctype html><title>proxy</title><style>html, body { height: 100%; margin: 0 }</style><script type="module">
  const inner = document.createElement('iframe');
  inner.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms');
  inner.style.cssText = 'width: 100%; height: 100%; border: 0';
  document.body.append(inner);
  addEventListener('message', ({ source, data }) => {
    if (source === inner.contentWindow) {
      parent.postMessage(data, '*');
    } else if (data.method === 'ui/notifications/sandbox-resource-ready') {
      inner.contentDocument.open();
      inner.contentDocument.write(data.params.html);
      inner.contentDocument.close();
    } else {
      inner.contentWindow.postMessage(data, '*');
    }
  });
  parent.postMessage({ jsonrpc: '2.0', method: 'ui/notifications/sandbox-proxy-ready', params: {} }, '*');
</script>`;

let server;
let browser;
let host;
let proxy;
let html;

async function rpc(method, params) {
  const response = await fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const text = await response.text();
  const { result, error } = JSON.parse(text.startsWith('{') ? text : /^data: (.*)$/mu.exec(text)[1]);
  assert.equal(error, undefined, JSON.stringify(error));
  return result;
}

before(async () => {
  server = await serve();
  browser = await launch();
  const { build } = await import(pathToFileURL(inWeb.resolve('vite').replace(/index\.cjs$/u, 'node/index.js')).href);
  const [{ output }] = [
    await build({
      root: fileURLToPath(new URL('../../web', import.meta.url)),
      configFile: false,
      logLevel: 'error',
      resolve: { alias: { '@modelcontextprotocol/ext-apps/app-bridge': inWeb.resolve('@modelcontextprotocol/ext-apps/app-bridge') } },
      build: {
        write: false,
        target: 'es2022',
        lib: { entry: fileURLToPath(new URL('lib/host.js', import.meta.url)), formats: ['es'], fileName: 'host' },
      },
    }),
  ].flat();
  host = createServer((request, response) => {
    response.setHeader('content-type', request.url === '/' ? 'text/html' : 'text/javascript');
    response.end(request.url === '/' ? '<!doctype html><title>host</title><script type="module" src="/host.js"></script>' : output[0].code);
  });
  await new Promise((resolve) => host.listen(0, '127.0.0.1', resolve));
  proxy = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.setHeader('content-security-policy', PROXY_POLICY);
    response.end(PROXY);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { contents } = await rpc('resources/read', { uri: 'ui://api-mcp/preview' });
  assert.equal(contents[0].mimeType, 'text/html;profile=mcp-app');
  html = contents[0].text;
});
after(async () => {
  await browser.close();
  host.close();
  proxy.close();
  assert.equal(await server.stop(), 0);
});

async function openApp(options) {
  const page = await (await browser.newContext({ viewport: { width: 1040, height: 940 } })).newPage();
  const heard = [];
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.exposeFunction('callTool', (params) => rpc('tools/call', params));
  await page.exposeFunction('heard', (kind, params) => void heard.push({ kind, params }));
  await page.goto(`http://127.0.0.1:${String(host.address().port)}/`);
  await page.waitForFunction(() => typeof window.openApp === 'function');
  const { policy = POLICY, ...given } = options;
  const framed = html.replace('<head>', `<head><meta http-equiv="Content-Security-Policy" content="${policy}">`);
  await page.evaluate(([text, rest]) => window.openApp(text, rest), [framed, given]);
  const outer = page.frameLocator('iframe');
  const app = options.proxy === undefined ? outer : outer.frameLocator('iframe');
  await app
    .locator(options.awaits ?? '.figure')
    .first()
    .waitFor();
  return { page, app, heard, errors, close: () => page.context().close() };
}

test('the server says that it has apps, and each tool names this one', async () => {
  const { capabilities } = await rpc('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  });
  assert.deepEqual(capabilities.extensions['io.modelcontextprotocol/ui'], { mimeTypes: ['text/html;profile=mcp-app'] });
  const { tools } = await rpc('tools/list', {});
  for (const { _meta } of tools) assert.equal(_meta.ui.resourceUri, 'ui://api-mcp/preview');
});

test("the app opens with the call's arguments, and hands changed ones back to the conversation", async () => {
  const { app, heard, errors, close } = await openApp({
    tool: 'generate_retry_policy',
    args: { maxRetries: 2 },
    theme: 'dark',
    capabilities: { message: { text: {} } },
  });
  assert.equal(await app.locator('h1').textContent(), 'Retry policy');
  const box = app.locator('[data-argument="maxRetries"] input[type=text]');
  assert.equal(await box.inputValue(), '2');
  assert.match(await app.locator('.code').textContent(), /"maxRetries":2/u);
  assert.equal(await app.locator('html').getAttribute('data-theme'), 'dark');
  await box.fill('6');
  await app.locator('.changes li').filter({ hasText: 'maxRetries 2→6' }).waitFor();
  await app.locator('.figure .was').first().waitFor();
  await app.getByRole('button', { name: 'Use these arguments' }).click();
  await app.getByText('The arguments are in the conversation.').waitFor({ state: 'attached' });
  assert.deepEqual(heard, [
    { kind: 'message', params: { role: 'user', content: [{ type: 'text', text: 'Call generate_retry_policy with {"maxRetries":6}' }] } },
  ]);
  assert.deepEqual(errors, []);
  await close();
});

test('a refusal is shown at its field, and another tool can be opened', async () => {
  const { app, errors, close } = await openApp({
    tool: 'generate_bulkhead',
    args: { partitions: [{ name: 'a', maxConcurrent: 3 }] },
    theme: 'light',
  });
  await app.locator('[data-argument="maxQueue"] input[type=text]').fill('-1');
  await app.locator('[data-argument="maxQueue"] .field-error').filter({ hasText: 'maxQueue: -1 is out of range' }).waitFor();
  await app.locator('.tabs a').filter({ hasText: 'Rate limiter' }).click();
  await app.locator('h1').filter({ hasText: 'Rate limiter' }).waitFor();
  await app.locator('.figure').filter({ hasText: 'Admitted' }).first().waitFor();
  assert.deepEqual(errors, []);
  await close();
});

test('a host need not say which tool was called: its answer or its refusal does', async () => {
  for (const [title, tool, args] of [
    ['Timeouts', 'generate_timeout_config', { operations: { 'orders.get': 2000 }, withCode: false }],
    ['Retry policy', 'generate_retry_policy', { maxRetries: -1 }],
    ['Bulkhead', 'generate_bulkhead', { partitions: { orders: 10 } }],
  ]) {
    const answer = await rpc('tools/call', { name: tool, arguments: args });
    const { app, close } = await openApp({
      tool,
      args,
      theme: 'light',
      answer,
      awaits: answer.isError ? '.field-error:not(:empty)' : '.figure',
    });
    assert.equal(await app.locator('h1').textContent(), title);
    await close();
  }
});

test('messages of a host may come in another order, or not all of them', async () => {
  const args = { failureThreshold: 7 };
  const answer = await rpc('tools/call', { name: 'generate_circuit_breaker', arguments: args });
  for (const order of [['result', 'input'], ['cancelled'], ['input', 'cancelled'], ['input', 'input', 'result', 'result', 'cancelled']]) {
    const { app, page, errors, close } = await openApp({ tool: 'generate_circuit_breaker', args, theme: 'light', answer, order });
    await app.locator('h1').filter({ hasText: 'Circuit breaker' }).waitFor();
    if (order.includes('result')) assert.match(await app.locator('.code').textContent(), /failureThreshold: 7/u);
    assert.deepEqual(await page.evaluate(() => window.endApp()), {}, 'the app lets the host take it away');
    assert.deepEqual(errors, [], order.join());
    await close();
  }
});

test('where a host lets no app call the server, the answer that it has is drawn', async () => {
  const args = { maxRetries: 7, withJitter: true };
  const answer = await rpc('tools/call', { name: 'generate_retry_policy', arguments: args });
  const { app, errors, close } = await openApp({
    tool: 'generate_retry_policy',
    args,
    theme: 'dark',
    answer,
    capabilities: { serverTools: undefined },
  });
  await app.locator('.code').filter({ hasText: 'maxRetries: 7' }).waitFor();
  await app.locator('[data-argument=maxRetries] input[type=text]').fill('6');
  await app.getByText('This host lets no app call the server').waitFor();
  await app.locator('[data-argument=maxRetries] input[type=text]').fill('7');
  await app.getByText('This host lets no app call the server').waitFor({ state: 'detached' });
  assert.deepEqual(errors, []);
  await close();
});

test('behind a frame of another origin, as in the reference host, the app draws, gets its height, and hands arguments back', async () => {
  const { app, page, heard, errors, close } = await openApp({
    tool: 'generate_retry_policy',
    args: { maxRetries: 2 },
    theme: 'light',
    capabilities: { updateModelContext: { text: {} } },
    proxy: `http://localhost:${String(proxy.address().port)}/`,
  });
  await app.locator('[data-argument="maxRetries"] input[type=range]').press('ArrowRight');
  await app.locator('.changes li').filter({ hasText: 'maxRetries 2→3' }).waitFor();
  await app.locator('.page[aria-busy=false]').waitFor();
  await app.getByRole('button', { name: 'Use these arguments' }).click();
  await app.getByText('The arguments are in the conversation.').waitFor({ state: 'attached' });
  assert.deepEqual(heard, [
    { kind: 'context', params: { content: [{ type: 'text', text: 'Call generate_retry_policy with {"maxRetries":3}' }] } },
  ]);
  // The frame is as high as the app, which does not grow with it.
  const height = () => page.locator('iframe').evaluate((frame) => frame.offsetHeight);
  await page.waitForFunction(() => document.querySelector('iframe').offsetHeight > 1000);
  const [content, offered] = [await app.locator('html').evaluate((root) => root.scrollHeight), await height()];
  assert.ok(content <= offered + 1 && offered < 6000, `${String(content)} in ${String(offered)}`);
  assert.deepEqual(errors, []);
  assert.deepEqual(await page.evaluate(() => window.endApp()), {});
  await close();
});

test('where a host lets workers start but load nothing, each starts with what it runs, before and after a change', async () => {
  const { page, app, errors, close } = await openApp({
    tool: 'generate_circuit_breaker',
    args: { failureThreshold: 7 },
    theme: 'light',
    policy: `${POLICY}; worker-src blob:`,
  });
  let started = 0;
  page.on('worker', () => {
    started += 1;
  });
  for (const threshold of ['9', '11']) {
    await app.locator('[data-argument=failureThreshold] input[type=text]').fill(threshold);
    await app.locator('.figure .was').first().waitFor();
    await app.locator('[aria-busy=false]').waitFor();
  }
  // What can load keeps two for all that it runs.
  assert.ok(started >= 3, `${String(started)} workers`);
  assert.deepEqual(errors, []);
  await close();
});

test('the app fits into a narrow place', async () => {
  const { app, errors, close } = await openApp({ tool: 'generate_bulkhead', args: { partitions: { a: 5 } }, theme: 'dark', width: 280 });
  const overflow = await app.locator('html').evaluate((root) => root.scrollWidth - root.clientWidth);
  assert.ok(overflow <= 0, `${String(overflow)} px too wide`);
  assert.deepEqual(errors, []);
  await close();
});

test('a host that takes messages need not have said so', async () => {
  const { app, heard, errors, close } = await openApp({ tool: 'generate_circuit_breaker', args: { failureThreshold: 7 }, theme: 'light' });
  await app.getByRole('button', { name: 'Use these arguments' }).click();
  await app.getByText('The arguments are in the conversation.').waitFor({ state: 'attached' });
  const content = [{ type: 'text', text: 'Call generate_circuit_breaker with {"failureThreshold":7}' }];
  assert.deepEqual(heard, [{ kind: 'message', params: { role: 'user', content } }]);
  assert.deepEqual(errors, []);
  await close();
});

test('where a host takes nothing back, the person is told what to say', async () => {
  const given = { tool: 'generate_circuit_breaker', args: { failureThreshold: 7 }, theme: 'light' };
  const { app, heard, errors, close } = await openApp({ ...given, deaf: true });
  await app.getByRole('button', { name: 'Use these arguments' }).click();
  const told = app.getByText(
    'This host takes no arguments back; paste this into the conversation: Call generate_circuit_breaker with {"failureThreshold":7}',
  );
  await told.waitFor();
  assert.ok((await told.boundingBox()).height > 20);
  assert.deepEqual([heard, errors], [[], []]);
  await close();
});

test('where a host takes no messages, the arguments become context of the model', async () => {
  const { app, heard, close } = await openApp({
    tool: 'generate_circuit_breaker',
    args: {},
    theme: 'light',
    capabilities: { updateModelContext: { text: {}, structuredContent: {} } },
  });
  await app.getByRole('button', { name: 'Use these arguments' }).click();
  await app.getByText('The arguments are in the conversation.').waitFor({ state: 'attached' });
  assert.equal(heard[0].kind, 'context');
  assert.deepEqual(heard[0].params.structuredContent, { tool: 'generate_circuit_breaker', arguments: {} });
  await close();

  // The reference host takes text alone.
  const plain = await openApp({
    tool: 'generate_circuit_breaker',
    args: {},
    theme: 'light',
    capabilities: { updateModelContext: { text: {} } },
  });
  await plain.app.getByRole('button', { name: 'Use these arguments' }).click();
  await plain.app.getByText('The arguments are in the conversation.').waitFor({ state: 'attached' });
  assert.deepEqual(plain.heard[0].params, { content: [{ type: 'text', text: 'Call generate_circuit_breaker with {}' }] });
  await plain.close();
});
