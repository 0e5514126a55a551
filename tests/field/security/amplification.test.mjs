// What a refusal costs its sender and the server: at most 64 KiB, and four times what was sent, whatever is refused and wherever.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { test } from 'node:test';
import { ask, json, open, rpc, serve, stdio, token } from '../lib/server.mjs';

const most = 65_536;
// An error has a sentence of its own: below this nothing is measured against what was sent.
const sentence = 1_024;
const long = 'x'.repeat(200_000);
const list = (count, make) => `[${Array.from({ length: count }, (_, n) => make(n)).join(',')}]`;
const object = (count, make, value = 1) => `{${Array.from({ length: count }, (_, n) => `"${make(n)}":${String(value)}`).join(',')}}`;

/** Arguments that a tool refuses, by tool. */
const refused = [
  ...['circuit_breaker', 'retry_policy', 'rate_limiting', 'timeout_config', 'bulkhead'].flatMap((name) => [
    [name, object(8_000, (n) => `unknown${String(n)}`)],
    [name, object(8_000, (n) => `\\u00e9${String(n)}`)],
    [name, `{"${long}":1}`],
    [name, `{"runtime":"${long}"}`],
    [name, `{"runtime":${'['.repeat(50)}${']'.repeat(50)}}`],
    [name, `{"withTests":${object(8_000, (n) => `a${String(n)}`)}}`],
    [name, `"${long}"`],
    [name, `[${'1,'.repeat(8_000)}1]`],
    [name, object(30, (n) => `${'\\u001b'.repeat(30)}${String(n)}`)],
    [name, '{"x":0}'],
  ]),
  ['retry_policy', `{"retryOn":${list(8_000, (n) => n)}}`],
  ['retry_policy', `{"retryOn":"${'429,'.repeat(8_000)}"}`],
  ['retry_policy', `{"maxRetries":${'9'.repeat(100_000)}}`],
  ['timeout_config', `{"operations":${object(8_000, (n) => `o${String(n)}`)}}`],
  ['timeout_config', `{"operations":${list(4_000, (n) => `{"name":"o${String(n)}","timeoutMs":1}`)}}`],
  ['timeout_config', `{"operations":${list(8_000, () => '{}')}}`],
  ['timeout_config', `{"operations":${JSON.stringify(object(8_000, (n) => `o${String(n)}`))}}`],
  ['timeout_config', `{"operations":${object(201, (n) => `${'o'.repeat(60)}${String(n)}`)}}`],
  ['bulkhead', `{"partitions":${object(200, (n) => `${'p'.repeat(60)}${String(n)}`, 0)}}`],
  ['bulkhead', `{"partitions":"${Array.from({ length: 200 }, (_, n) => `${'p'.repeat(60)}${String(n)}=x`).join(',')}"}`],
].map(([name, args]) => [`generate_${name}`, args]);

/** Messages that are refused before or beside a tool. */
const messages = [
  rpc(long),
  rpc('ping', undefined, long),
  rpc('ping', undefined, 'x'.repeat(1_000)),
  rpc('tools/call', { name: long }),
  rpc('tools/call', { name: { long } }),
  rpc('tools/list', { cursor: long }),
  rpc('resources/read', { uri: long }),
  rpc('resources/subscribe', { uri: long }),
  rpc('prompts/get', { name: long }),
  rpc('prompts/get', { name: 'defence_in_depth', arguments: { services: long } }),
  rpc('prompts/get', { name: 'defence_in_depth', arguments: { [long]: 'x' } }),
  rpc('completion/complete', { ref: { type: long, name: long }, argument: { name: long, value: long } }),
  rpc('logging/setLevel', { level: long }),
  rpc('initialize', { protocolVersion: long, capabilities: {}, clientInfo: { name: long, version: long } }),
  `{"jsonrpc":"${long}","id":1,"method":"ping"}`,
  `{"jsonrpc":"2.0","id":${'9'.repeat(100_000)},"method":"ping"}`,
  `{"jsonrpc":"2.0","id":1,"method":"ping","${long}":1,"${long}":2}`,
  `${'['.repeat(100_000)}`,
  `"${long}"`,
  `{"jsonrpc":"2.0","id":"\\ud800${long}"}`,
  list(49, () => '1'),
  list(49, () => rpc('x')),
  list(51, () => '1'),
  '{',
];

function check(what, sent, answered) {
  assert.ok(
    answered <= most && answered <= Math.max(sentence, 4 * sent),
    `${what.slice(0, 120)}: ${String(sent)} in, ${String(answered)} out`,
  );
}

// Of a few bytes everything is wrong at once: a refusal says one fault and one corrected call in any case, and has 2 KiB for it.
const few = 2_048;
const values = [
  '{}',
  '[]',
  '0',
  '1',
  '""',
  'null',
  'true',
  '[{}]',
  '{"a":1}',
  '{"0":{},"1":{}}',
  '"2s"',
  '"python"',
  '[0,0,0,0,0,0,0,0,0,0]',
];

/** Short calls of a tool with a fault in each of its arguments, and in names that it does not have. */
function* short({ name: tool, inputSchema }) {
  const own = Object.keys(inputSchema.properties);
  const others = 'rate limit timeout key redis rps rpm dailyLimit requestsPerMonth requestsPerUser noJitter language framework x 1'.split(
    ' ',
  );
  for (const value of values) {
    for (const names of [own, others, ...own.map((each) => [each]), ...others.map((each) => [each, 'keyStrategy'])]) {
      yield [tool, `{${names.map((each) => `"${each}":${value}`).join(',')}}`];
    }
    for (const count of [5, 20, 99]) {
      yield [tool, object(count, (n) => `a${String(n)}`, value)];
      for (const each of own.filter((one) => /^(?:operations|partitions|retryOn|limits)$/u.test(one))) {
        yield [tool, `{"${each}":${list(count, () => value)}}`];
        yield [tool, `{"${each}":${object(count, (n) => n, value)}}`];
        yield [tool, `{"${each}":${list(count, () => `{"a":${value},"b":${value}}`)}}`];
      }
    }
  }
}

const isShort = (what, sent, answered) =>
  assert.ok(answered <= Math.max(few, 4 * sent), `${what.slice(0, 200)}: ${String(sent)} in, ${String(answered)} out`);

test('of a short call, everything in it wrong', async () => {
  const server = await serve();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { tools } = JSON.parse((await ask(server.port, '/v1/tools')).text);
  const calls = tools.flatMap((tool) => [...short(tool)]);
  let refusals = 0;
  for (const [n, [tool, args]] of calls.entries()) {
    const [path, body] = [
      ['/v1/tools/call', `{"tool":"${tool}","args":${args}}`],
      ['/v1/tools/call', `{"name":"${tool}","arguments":${args}}`],
      ['/mcp', `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":${args}}}`],
      ['/mcp', `[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":${args}}}]`],
    ][n % 4];
    const { status, text } = await ask(server.port, path, { method: 'POST', headers: json, body, agent });
    assert.ok(status < 500 && !text.includes('An error occurred'), `${body}: ${text.slice(0, 200)}`);
    if (status === 200 && !text.includes('"isError":true')) continue;
    refusals++;
    isShort(`${path} ${body}`, body.length, Buffer.byteLength(text));
    if (path === '/mcp') continue;
    const { detail, errors } = JSON.parse(text);
    assert.ok(errors.length > 0 && errors.every((each) => each.detail !== '' && each.pointer !== undefined), body);
    if (!detail.startsWith(errors[0].detail)) {
      const [, total, shown] = /^(\d+) faults; (?:see errors|errors has the first(?: (\d+))?)\.$/u.exec(detail);
      if (detail.includes('first')) assert.ok(Number(total) > errors.length && Number(shown ?? 1) === errors.length, `${body}: ${detail}`);
      else assert.equal(errors.length, Number(total), body);
    }
  }
  assert.ok(refusals > 1_000, `${String(refusals)} refusals`);
  for (const value of values) {
    const sections = ['circuitBreaker', 'retryPolicy', 'bulkhead', 'timeoutConfig', 'rateLimiting', 'stack', 'upstreams', 'traffic', 'x'];
    for (const body of [
      object(9, (n) => sections[n], value),
      object(99, (n) => `a${String(n)}`, value),
      ...sections.map((each) => `{"${each}":${object(30, (n) => `a${String(n)}`, value)}}`),
    ]) {
      const { status, text } = await ask(server.port, '/v1/stack', { method: 'POST', headers: json, body, agent });
      assert.ok(status < 500, body);
      if (status !== 200) isShort(`/v1/stack ${body}`, body.length, Buffer.byteLength(text));
    }
  }
  for (const query of [
    'a=1',
    ...[5, 20, 99].map((count) => Array.from({ length: count }, (_, n) => `a${String(n)}`).join('&')),
    'partitions=1,1,1,1,1,1,1,1,1',
  ]) {
    const path = `/r/bulkhead.json?${query}`;
    const { status, text } = await ask(server.port, path, { agent });
    assert.equal(status, 400);
    isShort(path, path.length, Buffer.byteLength(text));
  }
  agent.destroy();
  assert.equal(await server.stop(), 0);

  const program = stdio();
  await program.answerTo('hello');
  for (const [n, [tool, args]] of calls.entries()) {
    if (n % 4 !== 2) continue;
    program.all.length = 0;
    const line = `{"jsonrpc":"2.0","id":${String(n)},"method":"tools/call","params":{"name":"${tool}","arguments":${args}}}`;
    await program.send(line);
    const { result } = await program.answerTo(n);
    assert.doesNotMatch(result.content[0].text, /^An error occurred/u, line);
    if (result.isError === true) isShort(line, line.length, JSON.stringify(program.all).length);
  }
  program.child.stdin.end();
  assert.equal(await program.exited, 0);
});

test('what a manifest of hundreds of services is told beside its code', async () => {
  const services = (make) => Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`p${String(n)}`, make]));
  const manifest = {
    circuitBreaker: { tripOn: 'failure-rate', failureRatePercent: 1, slowCallMs: 1, minimumCalls: 1, windowMs: 100 },
    retryPolicy: { maxRetries: 100 },
    bulkhead: { partitions: services(1), maxWaitMs: 100_000 },
    timeoutConfig: { operations: Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`p${String(n)}.get`, 1])), totalTimeoutMs: 2 },
    upstreams: services({}),
    traffic: services({ callsPerSecond: 500, errorPercent: 50, p50Ms: 400, p99Ms: 40_000 }),
    stack: { withMetrics: true },
  };
  const server = await serve();
  const { status, text } = await ask(server.port, '/v1/stack', { method: 'POST', headers: json, body: JSON.stringify(manifest) });
  assert.equal(status, 200);
  const { files, notes, warnings } = JSON.parse(text);
  const beside = Buffer.byteLength(text) - files.reduce((sum, { content }) => sum + JSON.stringify(content).length, 0);
  assert.ok(beside <= most, `${String(beside)} bytes`);
  assert.ok(notes.length > 100, `${String(notes.length)} notes`);
  // What holds for all of them is said once.
  assert.ok(
    warnings.some((each) => each.includes(' or 197 more ')),
    warnings.join('\n'),
  );
  assert.match(notes.at(-1), /^\d+ more are not shown here; the command stack shows them all\.$/u);
  assert.equal(await server.stop(), 0);
});

test('over HTTP', async () => {
  const server = await serve();
  const post = (path, body, headers = {}) => ask(server.port, path, { method: 'POST', headers: { ...json, ...headers }, body });
  for (const [tool, args] of refused) {
    for (const [path, body] of [
      ['/v1/tools/call', `{"tool":"${tool}","args":${args}}`],
      ['/mcp', `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":${args}}}`],
    ]) {
      const { status, text } = await post(path, body);
      if (path === '/v1/tools/call') assert.equal(status, 400, body.slice(0, 120));
      check(`${path} ${body}`, body.length, Buffer.byteLength(text));
    }
  }
  for (const body of messages) {
    for (const path of ['/mcp', '/v1/tools/call']) check(`${path} ${body}`, body.length, Buffer.byteLength((await post(path, body)).text));
  }
  for (const [path, headers] of [
    [`/${'x'.repeat(6_000)}`, {}],
    [`/r/${'x'.repeat(6_000)}.json`, {}],
    [`/r/bulkhead.json?${'x&'.repeat(3_000)}`, {}],
    [`/r/bulkhead.json?${Array.from({ length: 1_000 }, (_, n) => `a${String(n)}`).join('&')}`, {}],
    ['/v1/tools', { accept: 'x/y,'.repeat(2_000) }],
    ['/v1/tools', { host: 'x'.repeat(6_000) }],
    ['/v1/tools', { origin: `http://${'x'.repeat(6_000)}` }],
  ]) {
    const { status, text } = await ask(server.port, path, { headers });
    if (path !== '/v1/tools' || headers.accept === undefined)
      assert.ok(status >= 400 && status < 500, `${path.slice(0, 40)}: ${String(status)}`);
    if (status >= 400) check(path, path.length + JSON.stringify(headers).length, Buffer.byteLength(text));
  }
  assert.equal(await server.stop(), 0);
});

const faulty = (n) =>
  rpc('tools/call', { name: 'generate_timeout_config', arguments: { operations: Array.from({ length: 20 }, () => ({})) } }, n);
const batches = (count) => [
  list(count, faulty),
  list(count, () => '{"id":1}'),
  list(count, (n) => `{"jsonrpc":"2.0","id":${String(n)},"method":"x"}`),
  list(count, (n) => rpc('tools/call', { name: 'x' }, n)),
];

test('a whole batch over HTTP', async () => {
  const server = await serve();
  for (const body of batches(50)) {
    const { status, text } = await ask(server.port, '/mcp', { method: 'POST', headers: json, body });
    assert.equal(status, 200);
    check(body, body.length, Buffer.byteLength(text));
    // Whoever has sent a request waits for its answer.
    const answers = JSON.parse(text);
    assert.equal(answers.length, body.startsWith('[{"id"') ? 1 : 50);
    if (body.includes('operations')) {
      assert.match(answers[0].result.content[0].text, /operations\[0\]/u);
      assert.match(answers[49].error.message, /send it alone/u);
    }
  }
  // A batch as people send them is told everything.
  const { text } = await ask(server.port, '/mcp', { method: 'POST', headers: json, body: list(3, () => rpc('x')) });
  for (const { error } of JSON.parse(text)) assert.match(error.message, /\bx\b/u);
  assert.equal(await server.stop(), 0);
});

test('a whole batch over standard input and output', async () => {
  for (const line of batches(99)) {
    const server = stdio();
    await server.answerTo('hello');
    server.all.length = 0;
    await server.send(line);
    server.child.stdin.end();
    assert.equal(await server.exited, 0);
    check(
      line,
      line.length,
      server.all.reduce((sum, answer) => sum + JSON.stringify(answer).length, 0),
    );
    assert.equal(server.all.length, line.startsWith('[{"id"') ? 1 : 99, line.slice(0, 80));
  }
});

test('without a right, and beyond a limit', async () => {
  const one = token('one');
  const server = await serve({
    env: { CROWVAULT_HTTP_TOKENS: one.entry, CROWVAULT_HTTP_CALL_BURST: '1', CROWVAULT_HTTP_CALLS_PER_SECOND: '1' },
  });
  const statuses = new Set();
  for (const authorization of [
    undefined,
    'x'.repeat(6_000),
    `Bearer ${'x'.repeat(6_000)}`,
    `Bearer ${'a.'.repeat(2_000)}b`,
    `Bearer ${one.text}`,
    `Bearer ${one.text}`,
  ]) {
    for (const body of ['{}', `{"tool":"${long}"}`]) {
      const { status, text, headers } = await ask(server.port, '/v1/tools/call', {
        method: 'POST',
        headers: { ...json, ...(authorization !== undefined && { authorization }) },
        body,
      });
      statuses.add(status);
      check(`${String(authorization).slice(0, 40)} ${body}`, body.length, Buffer.byteLength(text) + JSON.stringify(headers).length - 512);
    }
  }
  assert.deepEqual([...statuses].sort(), [400, 401, 429]);
  assert.equal(await server.stop(), 0);
});

test('over SSE', async () => {
  const server = await serve({ transport: 'sse' });
  const stream = await open(server.port);
  for (const body of messages) {
    const { text } = await ask(server.port, stream.endpoint, { method: 'POST', headers: json, body });
    check(body, body.length, Buffer.byteLength(text));
  }
  stream.close();
  assert.equal(await server.stop(), 0);
});

test('over standard input and output', async () => {
  const server = stdio();
  await server.answerTo('hello');
  const lines = [
    ...refused.map(([tool, args]) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":${args}}}`),
    ...messages,
    'x'.repeat(5 << 20),
  ];
  for (const [n, line] of lines.entries()) {
    server.all.length = 0;
    await server.send(line, rpc('ping', undefined, `ping-${String(n)}`));
    assert.ok(await server.answerTo(`ping-${String(n)}`));
    // The answer of a tool may come after that to the ping.
    await server.answerTo(1, 0.3);
    check(
      line,
      line.length,
      server.all.filter(({ id }) => !String(id).startsWith('ping-')).reduce((sum, answer) => sum + JSON.stringify(answer).length, 0),
    );
    server.answers.delete(1);
  }
  server.child.stdin.end();
  assert.equal(await server.exited, 0);
});
