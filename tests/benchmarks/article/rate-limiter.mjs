// The article's decision: its script, evaluated in full at each request, with this process's clock.
const TOKEN_BUCKET_SCRIPT = `
local key = KEYS[1]
local capacity = tonumber(ARGV[1])
local refillRate = tonumber(ARGV[2]) -- tokens per second
local now = tonumber(ARGV[3]) -- unix ms
local bucket = redis.call('HMGET', key, 'tokens', 'last_refill')
local tokens = tonumber(bucket[1]) or capacity
local lastRefill = tonumber(bucket[2]) or now
local elapsed = (now - lastRefill) / 1000
tokens = math.min(capacity, tokens + elapsed * refillRate)
if tokens >= 1 then
tokens = tokens - 1
redis.call('HMSET', key, 'tokens', tokens, 'last_refill', now)
redis.call('EXPIRE', key, 3600)
return 1 -- allowed
end
redis.call('HMSET', key, 'tokens', tokens, 'last_refill', now)
return 0 -- denied
`;

export const consume = (redis, key, capacity, refillPerSecond) =>
  redis.eval(TOKEN_BUCKET_SCRIPT, 1, key, capacity, refillPerSecond, Date.now());
