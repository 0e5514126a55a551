// A worker that sends one body again and again, from so many callers at once, until it is told to stop: beside the calls that a test times.
import { parentPort, workerData } from 'node:worker_threads';
import { ask, json } from './server.mjs';

const { port, authorization, path = '/v1/tools/call', body, callers } = workerData;
const bytes = Buffer.from(body);
const answers = {};
let [stopped, longest] = [false, 0];
parentPort.once('message', () => (stopped = true));
await Promise.all(
  Array.from({ length: callers }, async () => {
    while (!stopped) {
      const { status, text } = await ask(port, path, { method: 'POST', headers: { ...json, authorization }, body: bytes });
      answers[status] = (answers[status] ?? 0) + 1;
      longest = Math.max(longest, text.length);
    }
  }),
);
parentPort.postMessage({ answers, longest });
