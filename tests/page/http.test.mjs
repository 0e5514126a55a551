// What the server says around the page.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { programUnderTest } from '../shared/program.mjs';
import { execute, succeed } from '../shared/processes.mjs';
import { serve } from './lib/browser.mjs';

let server;
before(async () => {
  server = await serve();
});
after(async () => assert.equal(await server.stop(), 0));

test('the page comes with a policy that names its own script and style by their hashes and nothing else', async () => {
  const response = await fetch(`${server.url}/`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  const html = await response.text();
  const policy = new Map(
    response.headers
      .get('content-security-policy')
      .split('; ')
      .map((directive) => {
        const [name, ...sources] = directive.split(' ');
        return [name, sources.join(' ')];
      }),
  );
  const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const scripts = [...html.matchAll(/<script type="module">(.*?)<\/script>/gsu)];
  const styles = [...html.matchAll(/<style>(.*?)<\/style>/gsu)];
  assert.deepEqual([scripts.length, styles.length], [1, 1]);
  // Scripts that the page's own script loads, which are what its workers run.
  assert.equal(policy.get('script-src'), `${hash(scripts[0][1])} 'strict-dynamic'`);
  assert.equal(policy.get('style-src'), hash(styles[0][1]));
  assert.equal(policy.get('default-src'), "'none'");
  assert.equal(policy.get('connect-src'), "'self'");
  assert.equal(policy.get('frame-ancestors'), "'none'");
  assert.equal(policy.get('require-trusted-types-for'), "'script'");
  for (const [, sources] of policy) assert.doesNotMatch(sources, /unsafe|\*|https?:/u);
});

test('HEAD answers as GET does, without a body', async () => {
  const response = await fetch(`${server.url}/`, { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.ok(Number(response.headers.get('content-length')) > 100_000);
  assert.equal(await response.text(), '');
});

test('a page of somebody else cannot frame or read it: another Origin or Host is refused', async () => {
  const response = await fetch(`${server.url}/`, { headers: { origin: 'https://evil.example' } });
  assert.equal(response.status, 403);
});

test('where tokens are configured the page needs one too', async () => {
  const { command, args } = programUnderTest();
  const { token, entry } = JSON.parse(await succeed(command, [...args, 'token', 'create', '--name', 'page', '--json']));
  const guarded = await serve({ CrowVault__Http__Tokens: entry });
  try {
    assert.equal((await fetch(`${guarded.url}/`)).status, 401);
    assert.equal((await fetch(`${guarded.url}/`, { headers: { authorization: `Bearer ${token}` } })).status, 200);
  } finally {
    await guarded.stop();
  }
});

test('POST /v1/stack gives what the command line writes, and names each fault by section', async () => {
  const manifest = {
    circuitBreaker: { failureThreshold: 3 },
    retryPolicy: {},
    timeoutConfig: { operations: [{ name: 'a.get', timeoutMs: 900 }] },
    bulkhead: { partitions: [{ name: 'a', maxConcurrent: 4 }] },
    stack: {},
  };
  const post = (body) =>
    fetch(`${server.url}/v1/stack`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const answer = await post(manifest);
  assert.equal(answer.status, 200);
  const { files } = await answer.json();
  assert.ok(files.some(({ path }) => path === 'resilience-stack.ts'));
  const { command, args } = programUnderTest();
  const { stdout } = await execute(command, [...args, 'call', 'generate_circuit_breaker', '{"failureThreshold":3}']);
  assert.equal(files.find(({ path }) => path === 'circuit-breaker.ts').content, stdout);

  const refused = await post({ ...manifest, circuitBreaker: { failureThreshold: 0 }, bulkhead: { partitions: [], maxQueue: -1 } });
  assert.equal(refused.status, 400);
  const { errors } = await refused.json();
  assert.ok(
    errors.some(({ pointer }) => pointer === '/circuitBreaker/failureThreshold'),
    JSON.stringify(errors),
  );
  assert.ok(
    errors.some(({ pointer }) => pointer === '/bulkhead/maxQueue'),
    JSON.stringify(errors),
  );
});
