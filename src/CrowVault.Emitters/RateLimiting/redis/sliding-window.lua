-- The key holds "limit window serial:microsecond requests microsecond requests ...;" of each policy that counts it; requests of one
-- slice share an entry. Policies with the same limit or window are taken for versions of one, as during a deploy: each
-- counts for itself, and together they admit no more than the largest of them.
local limit, window, slice = ARGV[1] + 0.0, ARGV[2] + 0.0, ARGV[3] + 0.0
local cost, take = ARGV[4] + 0.0, ARGV[5] == '1'
local again = false
local time = redis.call('TIME')
local now = time[1] * 1000000.0 + time[2]
local log, size, used, ahead = {}, 0, 0, false
local others, largest, rest, last, free = 0, limit, '', 0, now
for l, w, serial, entries in string.gmatch(redis.call('GET', KEYS[1]) or '', '(%d+) (%d+) (%d+):([%d ]*);') do
  local own = l == ARGV[1] and w == ARGV[2]
  local related = not own and (l == ARGV[1] or w == ARGV[2])
  again = again or (own and serial == ARGV[6])
  local newest, shared = 0, math.min(w + 0.0, window)
  for t, n in string.gmatch(entries, '(%d+) (%d+)') do
    t = t + 0.0
    if own and t + window > now then
      ahead = ahead or t > now
      log[size + 1], log[size + 2] = math.min(t, now), n + 0.0
      size, used = size + 2, used + n
    elseif related and t + shared > now then
      others, free = others + n, math.max(free, math.min(t, now) + shared)
    end
    newest = t
  end
  if not own and newest + w > now then
    rest = rest .. string.format('%s %s %s:%s;', l, w, serial, entries)
    last = math.max(last, newest + w)
    if related then largest = math.max(largest, l + 0.0) end
  end
end
local held = math.max(0, others - (largest - limit))
local allowed = again or used + held + cost <= limit
local retry = 0
if allowed and take and not again then
  used = used + cost
  if size > 0 and math.floor(log[size - 1] / slice) == math.floor(now / slice) then
    log[size - 1], log[size] = now, log[size] + cost
  else
    log[size + 1], log[size + 2] = now, cost
    size = size + 2
  end
elseif not allowed then
  local excess, i = used + cost - limit, 1
  if excess <= 0 then retry = math.ceil((free - now) / 1000) end
  while excess > 0 do
    excess = excess - log[i + 1]
    retry = math.ceil((log[i] + window - now) / 1000)
    i = i + 2
  end
end
local reset = size > 0 and math.ceil((log[size - 1] + window - now) / 1000) or 0
-- A refusal needs no write, unless the server's clock was set back.
if take and (allowed or ahead) then
  for i = 1, size do log[i] = string.format('%.0f', log[i]) end
  local own = string.format('%s %s %s:%s;', ARGV[1], ARGV[2], ARGV[6], table.concat(log, ' '))
  local expiry = math.max(reset, math.ceil((last - now) / 1000))
  redis.call('SET', KEYS[1], rest .. own, 'PX', string.format('%.0f', expiry))
end
return { allowed and 1 or 0, math.max(0, limit - used - held), retry, reset }
