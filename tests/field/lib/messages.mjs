// Messages as clients send them, and as nobody does: a seeded grammar of JSON-RPC and of calls, whose sentences are then damaged.
const methods =
  'ping initialize tools/list tools/call prompts/get prompts/list resources/read resources/list resources/templates/list resources/subscribe logging/setLevel completion/complete server/discover notifications/cancelled notifications/progress notifications/initialized x'.split(
    ' ',
  );
const tools =
  'generate_circuit_breaker generate_retry_policy generate_rate_limiting generate_timeout_config generate_bulkhead generate_x'.split(' ');
const names =
  'name Name arguments cursor uri level protocolVersion capabilities clientInfo version _meta progressToken requestId ref type argument value failureThreshold operations partitions maxRetries retryOn runtime withTests keyStrategy limits requestsPerWindow requestsPerUser rps useRedis noJitter timeout retries 0 1 a.b __proto__ constructor \\ud800 \\u0000'.split(
    ' ',
  );
const numbers = '0 1 -1 1.0 1.5 1e3 1e400 -0 9223372036854775807 18446744073709551615 1E-400 4294967296'.split(' ');
const texts =
  '2025-06-18 2099-01-01 defence_in_depth api-mcp://stack/resilience-stack.ts info ref/prompt node workers \\ud800 \\udc00\\ud800 \\ud83d\\ude00 \\u001b[31m \\r\\n x'.split(
    ' ',
  );
const pieces = ['"', '{', '}', '[', ']', ',', ':', '\\', '\\u', '\\ud800', '\ufeff', 'null', '1e', '-', '\u0000', '\u2028', '\r', ' '];

export function messages(random) {
  const below = (n) => Math.floor(random() * n);
  const pick = (list) => list[below(list.length)];
  const many = (most, make) => Array.from({ length: below(most) }, make).join(',');
  const object = (depth) => `{${many(5, () => `"${pick(names)}":${value(depth - 1)}`)}}`;
  const value = (depth) => {
    switch (below(depth > 0 ? 11 : 8)) {
      case 0:
        return 'null';
      case 1:
        return 'true';
      case 2:
      case 3:
        return pick(numbers);
      case 4:
      case 5:
        return `"${pick(texts)}"`;
      case 6:
        return `"${pick(tools)}"`;
      case 7:
        return `"${pick(methods)}"`;
      case 8:
        return `[${many(4, () => value(depth - 1))}]`;
      default:
        return object(depth);
    }
  };
  const damaged = (text) => {
    let bytes = Buffer.from(text);
    for (let n = below(3); n > 0 && bytes.length > 1; n--) {
      const at = below(bytes.length);
      const put = (piece, removed = 0) => (bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + removed)]));
      switch (below(4)) {
        case 0:
          bytes[at] = below(256);
          break;
        case 1:
          put(Buffer.alloc(0), below(8));
          break;
        case 2:
          put(Buffer.from(pick(pieces)));
          break;
        default:
          put(bytes.subarray(below(bytes.length)).subarray(0, below(12)));
      }
    }
    return bytes;
  };
  const message = () => {
    const members = [];
    const add = (name, text, share) => random() < share && members.push(`"${name}":${text}`);
    add('jsonrpc', '"2.0"', 0.97);
    add('id', value(1), 0.85);
    add('method', `"${pick(methods)}"`, 0.92);
    add('params', random() < 0.4 ? `{"name":"${pick(tools)}","arguments":${object(3)}}` : value(3), 0.8);
    add('result', value(2), 0.03);
    const text = `{${members.join(',')}}`;
    return below(30) === 0 ? `[${text},${value(2)},${text}]` : text;
  };
  const call = () => `{"tool":"${pick(tools)}","args":${value(3)}${below(5) === 0 ? `,"${pick(names)}":${value(2)}` : ''}}`;
  return {
    /** A line of JSON-RPC, damaged or not, without a line feed. */
    line: () => {
      const bytes = damaged(message());
      for (let n = 0; n < bytes.length; n++) if (bytes[n] === 10) bytes[n] = 32;
      return bytes;
    },
    /** A body of a call over plain HTTP. */
    call: () => damaged(call()),
  };
}
