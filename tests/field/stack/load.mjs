// Load that keeps its rate, whether or not it is answered, and what came back.
import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

let serial = 0;

/** One request; resolves with `{ id, status, ms, startedAt, code }`, where `status` is 0 when there was no answer. */
export function ask(base, kind, { method = 'GET', agent = false, path } = {}) {
  const id = `${kind}-${String(++serial)}`;
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const done = (status, code, body = '') => {
      resolve({ id, status, code, body, startedAt, ms: performance.now() - startedAt });
    };
    const headers = { 'x-request-id': id, 'x-api-key': `customer-${String(serial % 1000)}` };
    const request = http.request(`${base}${path ?? `/${kind}/${id}`}`, { method, agent, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (data) => (body += data));
      response.once('error', (error) => done(0, error.code));
      response.once('end', () => done(response.statusCode, undefined, body));
    });
    request.once('error', (error) => done(0, error.code)).end();
  });
}

/** Starts `perSecond` requests each second for `seconds`; resolves with their answers in the order of their start. */
export async function load(base, kind, perSecond, seconds, options = {}) {
  const begin = performance.now();
  const all = [];
  let sent = 0;
  while (performance.now() < begin + seconds * 1000 && options.until?.aborted !== true) {
    const now = Math.floor(((performance.now() - begin) / 1000) * perSecond) + 1;
    // What a pause of this process has missed is left out: nobody sends it all at once.
    for (let due = Math.min(now - sent, 3); due > 0; due--) all.push(ask(base, kind, options));
    sent = now;
    await wait(5);
  }
  return Promise.all(all);
}

/** The value below which `percent` of the answers' times lie. */
export function percentile(answers, percent) {
  const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return times[Math.min(times.length - 1, Math.floor((times.length * percent) / 100))];
}

/** How many answers there are of each status. */
export function tally(answers) {
  const counts = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
