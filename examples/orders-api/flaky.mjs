// A service that fails when it is told to: node flaky.mjs PORT
//
//   PUT /-/mode/ok | hang | 503 | slow    how it answers from now on; gives what it has seen until now
//   GET /-/stats                          what it has seen since the last change
import { createServer } from 'node:http';

let mode = 'ok';
let seen = [];

const server = createServer((request, response) => {
  request.resume();
  const [, first, second, third] = request.url.split('/');
  if (first === '-') {
    const before = seen;
    if (second === 'mode') {
      mode = third;
      seen = [];
    }
    response.end(`${JSON.stringify(before)}\n`);
    return;
  }
  seen.push({ id: second, method: request.method, mode, requestId: request.headers['x-request-id'] });
  const answer = () => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: second, service: first }));
  };
  switch (mode) {
    case 'hang':
      break;
    case '503':
      response.writeHead(503).end();
      break;
    case 'slow':
      setTimeout(answer, 150);
      break;
    default:
      setTimeout(answer, 2);
  }
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${String(server.address().port)}`);
});
