// Everything that the example needs, in one process group: Redis, two flaky services, the API. Ctrl+C ends it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const children = [];
let isStopping = false;

function start(name, command, args, env = {}, output = 'inherit') {
  const child = spawn(command, args, { stdio: ['ignore', output, 'inherit'], env: { ...process.env, ...env } });
  child.once('error', (error) => {
    console.error(`${name}: ${error.message}`);
    stop();
  });
  child.once('exit', (code) => {
    if (!isStopping) console.error(`${name} has ended with ${String(code)}.`);
    stop();
  });
  children.push(child);
}

function stop() {
  if (isStopping) return;
  isStopping = true;
  for (const child of children) child.kill('SIGTERM');
}
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

const redisArguments = ['--port', '6390', '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--loglevel', 'warning'];
start('redis-server', 'redis-server', redisArguments, {}, 'ignore');
start('orders', process.execPath, [file('flaky.mjs'), '4001']);
start('payments', process.execPath, [file('flaky.mjs'), '4002']);
start('orders-api', process.execPath, [file('dist/server.js')], { REDIS_URL: 'redis://127.0.0.1:6390' });
console.log(`
Try, in another terminal:
  curl -i http://127.0.0.1:4000/orders/1
  curl -i -X POST http://127.0.0.1:4000/payments/1
  curl -X PUT http://127.0.0.1:4002/-/mode/hang      # payments no longer answers
  for i in $(seq 20); do curl -s -o /dev/null -w '%{http_code} ' http://127.0.0.1:4000/payments/$i; done
  curl http://127.0.0.1:4000/health
  curl -s http://127.0.0.1:4000/metrics | grep -E '^resilience.*(calls_total|state)'
  curl -X PUT http://127.0.0.1:4002/-/mode/ok
`);
