// Each request is called and its answer read: the code for what can be had, the way out for what cannot.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programUnderTest } from '../shared/program.mjs';
import { execute } from '../shared/processes.mjs';
import { requests } from './requests.mjs';

const message = (id, method, params) => JSON.stringify({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method, params });
const { command, args: first } = programUnderTest();
const { stdout } = await execute(command, first, {
  input: [
    message('init', 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'requests', version: '1.0.0' } }),
    message(undefined, 'notifications/initialized'),
    ...requests.map(({ tool, args }, index) => message(index, 'tools/call', { name: tool, arguments: args })),
    '',
  ].join('\n'),
});
const answers = new Map(
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .map(({ id, result }) => [id, result]),
);

test('there are sixty requests or more, and each is asked once', () => {
  assert.ok(requests.length >= 60, String(requests.length));
  assert.equal(new Set(requests.map(({ ask }) => ask)).size, requests.length);
});

requests.forEach(({ ask, holds, end }, index) => {
  test(ask, () => {
    const { content, isError = false } = answers.get(index);
    const said = content.map(({ text }) => text).join('\n');
    assert.equal(isError ? 'refused' : 'code', end, said);
    for (const each of holds) assert.ok(said.includes(each), `${each} is not in:\n${said.slice(0, 2_000)}`);
  });
});
