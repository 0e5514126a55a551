-- The key holds "capacity unit refill missing at serial" of each policy that counts it: what is missing from its bucket, in units,
-- at a microsecond. Policies of one name, or with the same capacity or rate, are taken for versions of one, as during a
-- deploy: each counts for itself, and together they admit no more than the largest of them.
local capacity, unit, refill = ARGV[1] + 0.0, ARGV[2] + 0.0, ARGV[3] + 0.0
local need, take, isNamed = ARGV[4] + 0.0, ARGV[5] ~= '0', ARGV[6] == '1'
local policy = ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' '
local time = redis.call('TIME')
local clock = time[1] .. string.sub('00000' .. time[2], -6)
local now = clock + 0.0
local missing, at, again = 0, now, false
local others, largest, rest, expiry = 0, capacity, '', 1
local state = redis.call('GET', KEYS[1]) or ''
local alone, since, serial = string.match(state, '^' .. policy .. '(%d+) (%d+) (%d+)$')
if alone then
  at, again = since + 0.0, serial == ARGV[5]
  missing = math.max(0, alone - math.max(0, now - at) * refill)
else
  for c, u, r, m, a, s in string.gmatch(state, '(%d+) (%d+) (%d+) (%d+) (%d+) (%d+)') do
    local elapsed = math.max(0, now - a)
    local left = math.max(0, m - elapsed * r)
    if c == ARGV[1] and u == ARGV[2] and r == ARGV[3] then
      missing, at, again = left, a + 0.0, s == ARGV[5]
    elseif left > 0 then
      rest = rest .. string.format(' %s %s %s %s %s %s', c, u, r, m, a, s)
      expiry = math.max(expiry, math.ceil(left / (r * 1000)))
      if isNamed or c == ARGV[1] or u / r == unit / refill then
        others = others + math.max(0, m / u - elapsed * math.max(r / u, refill / unit))
        largest = math.max(largest, c + 0.0)
      end
    end
  end
end
local held = math.ceil(math.max(0, others - (largest - capacity)) * unit)
local allowed = again or missing + held + need <= capacity * unit
if take and allowed and not again then missing = missing + need end
-- A refusal needs no write, unless the server's clock was set back.
if take and (allowed or now < at) then
  local own = policy .. string.format('%.0f ', missing) .. clock .. ' ' .. ARGV[5]
  redis.call('SET', KEYS[1], own .. rest, 'PX', math.max(expiry, math.ceil(missing / (refill * 1000))))
end
return { allowed and 1 or 0, math.min(missing + held, capacity * unit) }
