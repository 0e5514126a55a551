// A model on loopback that speaks the four protocols of the agents, streams, and only ever does one thing: it calls the tools that it was
// told of, one after the other, and says that it is done. What it was given is kept.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Every text in a value, however deep. */
export const textsOf = (value) =>
  typeof value === 'string' ? [value] : value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsOf) : [];

const event = (type, data) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
const chunk = (data) => `data: ${JSON.stringify(data)}\n\n`;

/** How each protocol is recognised, where it has its tools and their answers, and how a call and the last word are written in it. */
const protocols = [
  {
    path: /\/v1\/messages$/u,
    tools: ({ tools = [] }) => tools.map(({ name }) => name),
    results: ({ messages }) =>
      messages.flatMap(({ content }) => (Array.isArray(content) ? content : [])).filter(({ type }) => type === 'tool_result'),
    answer: ({ call, serial, stream, model }) => {
      const block =
        call === undefined
          ? { type: 'text', text: 'Done.' }
          : { type: 'tool_use', id: `toolu_${String(serial)}`, name: call.name, input: call.args };
      const message = { id: `msg_${String(serial)}`, type: 'message', role: 'assistant', model, stop_sequence: null };
      const reason = call === undefined ? 'end_turn' : 'tool_use';
      const usage = { input_tokens: 10, output_tokens: 10 };
      if (stream !== true) return JSON.stringify({ ...message, content: [block], stop_reason: reason, usage });
      const [empty, delta] =
        call === undefined
          ? [
              { type: 'text', text: '' },
              { type: 'text_delta', text: block.text },
            ]
          : [
              { ...block, input: {} },
              { type: 'input_json_delta', partial_json: JSON.stringify(call.args) },
            ];
      return [
        event('message_start', { message: { ...message, content: [], stop_reason: null, usage } }),
        event('content_block_start', { index: 0, content_block: empty }),
        event('content_block_delta', { index: 0, delta }),
        event('content_block_stop', { index: 0 }),
        event('message_delta', { delta: { stop_reason: reason, stop_sequence: null }, usage }),
        event('message_stop', {}),
      ].join('');
    },
  },
  {
    path: /\/v1\/responses$/u,
    // A server's tools stand in a namespace of their own.
    tools: ({ tools = [], input }) =>
      [...tools, ...input.filter(({ type }) => type === 'tool_search_output').flatMap((found) => found.tools)].flatMap(
        ({ type, name, tools: inside }) => {
          if (type === 'namespace') return inside.map((tool) => ({ namespace: name, name: tool.name }));
          return type === 'function' ? [name] : [];
        },
      ),
    // It may have them looked for first.
    search: ({ tools = [], input }) =>
      tools.some(({ type }) => type === 'tool_search') && !input.some(({ type }) => type === 'tool_search_call'),
    results: ({ input }) => input.filter(({ type }) => type === 'function_call_output'),
    answer: ({ call, serial, search }) => {
      const said =
        call === undefined
          ? {
              type: 'message',
              role: 'assistant',
              id: `msg_${String(serial)}`,
              content: [{ type: 'output_text', text: 'Done.', annotations: [] }],
            }
          : {
              type: 'function_call',
              id: `fc_${String(serial)}`,
              call_id: `call_${String(serial)}`,
              ...(typeof call.name === 'string' ? { name: call.name } : call.name),
              arguments: JSON.stringify(call.args),
            };
      const query = { query: 'generate circuit breaker, retry, rate limiting, timeout, bulkhead', limit: 8 };
      const item = search ? { type: 'tool_search_call', call_id: `search_${String(serial)}`, execution: 'client', arguments: query } : said;
      const response = { id: `resp_${String(serial)}`, object: 'response' };
      const usage = { input_tokens: 10, output_tokens: 10, total_tokens: 20, input_tokens_details: null, output_tokens_details: null };
      return [
        event('response.created', { response: { ...response, status: 'in_progress', output: [] } }),
        event('response.output_item.added', { output_index: 0, item }),
        event('response.output_item.done', { output_index: 0, item }),
        event('response.completed', { response: { ...response, status: 'completed', output: [item], usage } }),
      ].join('');
    },
  },
  {
    path: /:(?:streamG|g)enerateContent/u,
    tools: ({ tools = [] }) => tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations.map(({ name }) => name)),
    results: ({ contents }) => contents.flatMap(({ parts }) => parts).filter(({ functionResponse }) => functionResponse !== undefined),
    answer: ({ call, path }) => {
      const part = call === undefined ? { text: 'Done.' } : { functionCall: call };
      const answer = {
        candidates: [{ index: 0, content: { role: 'model', parts: [part] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 10, totalTokenCount: 20 },
      };
      return path.includes(':stream') ? chunk(answer) : JSON.stringify(answer);
    },
  },
  {
    path: /\/v1\/chat\/completions$/u,
    tools: ({ tools = [] }) => tools.map(({ function: { name } }) => name),
    results: ({ messages }) => messages.filter(({ role }) => role === 'tool'),
    answer: ({ call, serial, model }) => {
      const delta =
        call === undefined
          ? { role: 'assistant', content: 'Done.' }
          : {
              role: 'assistant',
              tool_calls: [
                {
                  index: 0,
                  id: `call_${String(serial)}`,
                  type: 'function',
                  function: { name: call.name, arguments: JSON.stringify(call.args) },
                },
              ],
            };
      const whole = { id: `chat_${String(serial)}`, object: 'chat.completion.chunk', created: 0, model };
      const end = { index: 0, delta: {}, finish_reason: call === undefined ? 'stop' : 'tool_calls' };
      return [
        chunk({ ...whole, choices: [{ index: 0, delta, finish_reason: null }] }),
        chunk({ ...whole, choices: [end], usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 } }),
        'data: [DONE]\n\n',
      ].join('');
    },
  },
];

const nameOf = (tool) => (typeof tool === 'string' ? tool : tool.name);

/**
 * Starts the model. `plan` has the calls, `{ tool, args }`, in their order. `seen` has for each request with tools `{ names, results }`: the
 * names of the tools and the answers of tools that the conversation holds so far.
 */
export async function startModel(plan) {
  const state = { seen: [], strange: [] };
  let serial = 0;
  const server = createServer((request, response) => {
    answerTo(request, response).catch((error) => {
      state.strange.push(String(error.stack));
      response.destroy();
    });
  });
  async function answerTo(request, response) {
    let text = '';
    for await (const data of request.setEncoding('utf8')) text += data;
    const path = request.url.split('?')[0];
    const protocol = protocols.find((each) => each.path.test(path));
    if (protocol === undefined || request.method !== 'POST') {
      state.strange.push(`${request.method} ${request.url}`);
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"type":"not_found_error","message":"Not here."}}');
      return;
    }
    const body = JSON.parse(text);
    const tools = protocol.tools(body);
    const results = protocol.results(body);
    const next = plan[results.length];
    const tool = tools.find((each) => next !== undefined && nameOf(each).endsWith(next.tool));
    if (tools.some((each) => nameOf(each).includes('generate_')) || results.length > 0)
      state.seen.push({ names: tools.map(nameOf), results });
    const answer = protocol.answer({
      call: tool === undefined ? undefined : { name: tool, args: next.args },
      search: tool === undefined && protocol.search?.(body),
      serial: ++serial,
      stream: body.stream,
      model: body.model,
      path,
    });
    response.writeHead(200, { 'content-type': answer.startsWith('{') ? 'application/json' : 'text/event-stream' }).end(answer);
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    url: `http://127.0.0.1:${String(server.address().port)}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  });
}
