// The four algorithms once more, in exact rational arithmetic and without regard to speed: what the emitted limiters are compared with.
// Times are whole microseconds.
const ceilDiv = (a, b) => (a + b - 1n) / b;
const ms = (microseconds) => Number(ceilDiv(microseconds, 1000n));

/** Tokens (or room) come back at `requests` per `seconds`, up to `capacity`; token bucket and leaky bucket as a meter admit the same. */
export function bucketOracle({ capacity, requests, seconds }) {
  const unit = BigInt(seconds) * 1_000_000n;
  const rate = BigInt(requests);
  const full = BigInt(capacity) * unit;
  let [tokens, at] = [full, undefined];
  return (now, cost = 1) => {
    const time = BigInt(now);
    if (at !== undefined && time > at) tokens += (time - at) * rate;
    if (tokens > full) tokens = full;
    at = time;
    const need = BigInt(cost) * unit;
    const allowed = tokens >= need;
    if (allowed) tokens -= need;
    return {
      allowed,
      limit: capacity,
      remaining: Number(tokens / unit),
      retryAfterMs: allowed ? 0 : ms(ceilDiv(need - tokens, rate)),
      resetMs: ms(ceilDiv(full - tokens, rate)),
    };
  };
}

/** The window opens with the first request after the last one has closed. */
export function fixedWindowOracle({ limit, seconds }) {
  const window = seconds * 1_000_000;
  let [start, used] = [-Infinity, 0];
  return (now, cost = 1) => {
    if (now >= start + window) [start, used] = [now, 0];
    const allowed = used + cost <= limit;
    if (allowed) used += cost;
    const left = Math.ceil((start + window - now) / 1000);
    return { allowed, limit, remaining: limit - used, retryAfterMs: allowed ? 0 : left, resetMs: left };
  };
}

/** Requests of one slice leave together, with the last of them; up to 100 per window a slice is a microsecond. */
export function slidingWindowOracle({ limit, seconds }) {
  const window = seconds * 1_000_000;
  const slice = limit <= 100 ? 1 : window / 100;
  let admitted = [];
  const leaves = (each) =>
    Math.max(...admitted.filter((other) => Math.floor(other.at / slice) === Math.floor(each.at / slice)).map((other) => other.at)) + window;
  return (now, cost = 1) => {
    admitted = admitted.filter((each) => leaves(each) > now);
    const used = admitted.reduce((sum, each) => sum + each.cost, 0);
    const allowed = used + cost <= limit;
    if (allowed) admitted.push({ at: now, cost });
    let retryAt = now;
    if (!allowed) {
      let excess = used + cost - limit;
      for (const each of admitted) {
        if (excess <= 0 && leaves(each) !== retryAt) break;
        retryAt = leaves(each);
        excess -= each.cost;
      }
    }
    const last = admitted.at(-1);
    return {
      allowed,
      limit,
      remaining: limit - used - (allowed ? cost : 0),
      retryAfterMs: Math.ceil((retryAt - now) / 1000),
      resetMs: Math.ceil((last.at + window - now) / 1000),
    };
  };
}

/**
 * Several windows at once, each `{ name, limit, seconds }`: what was admitted is one list, read anew for each window and each request.
 * A request counts in all of them or in none; the figures are those of the window that binds.
 */
export function windowsOracle(algorithm, windows) {
  const admitted = [];
  const stateOf = { 'fixed-window': fixedState, 'sliding-window': slidingState }[algorithm];
  return (now, cost = 1, take = true) => {
    const before = windows.map((window) => stateOf(window, admitted, now));
    const refusals = windows.map(({ limit }, index) => before[index].used + cost > limit);
    const allowed = !refusals.includes(true);
    if (allowed && take) admitted.push({ at: now, cost });
    const verdicts = windows.map((window, index) => {
      const { used, over } = stateOf(window, admitted, now);
      return {
        allowed,
        limit: window.limit,
        remaining: window.limit - used,
        retryAfterMs: refusals[index] ? Math.ceil((before[index].freeAt(used + cost - window.limit) - now) / 1000) : 0,
        resetMs: Math.ceil((over - now) / 1000),
        policy: window.name,
      };
    });
    const [most] = [...verdicts].sort((a, b) => (allowed ? a.remaining - b.remaining : b.retryAfterMs - a.retryAfterMs));
    return most;
  };
}

function fixedState({ seconds }, admitted, now) {
  let [over, used] = [-Infinity, 0];
  for (const { at, cost } of [...admitted, { at: now, cost: 0 }]) {
    if (at >= over) [over, used] = [at + seconds * 1_000_000, 0];
    used += cost;
  }
  return { used, over, freeAt: () => over };
}

function slidingState({ limit, seconds }, admitted, now) {
  const window = seconds * 1_000_000;
  const slice = limit <= 100 ? 1 : window / 100;
  const last = new Map();
  for (const { at } of admitted) last.set(Math.floor(at / slice), at);
  const left = admitted
    .map(({ at, cost }) => ({ cost, leaves: last.get(Math.floor(at / slice)) + window }))
    .filter(({ leaves }) => leaves > now);
  return {
    used: left.reduce((sum, { cost }) => sum + cost, 0),
    over: left.at(-1)?.leaves ?? now,
    freeAt(excess) {
      let gone = 0;
      for (const { cost, leaves } of left) if ((gone += cost) >= excess) return leaves;
      return now;
    },
  };
}
