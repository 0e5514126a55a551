-- The key holds "limit window used start serial" of each policy that counts it: the requests in its window, and the microsecond
-- of the window's start. Policies of one name, or with the same limit or window, are taken for versions of one, as during a
-- deploy: each counts for itself, and together they admit no more than the largest of them.
local limit, window, cost, take = ARGV[1] + 0.0, ARGV[2] + 0.0, ARGV[3] + 0.0, ARGV[4] ~= '0'
local most, isNamed = ARGV[5] + 0.0, ARGV[6] == '1'
local again = false
local time = redis.call('TIME')
local now = time[1] * 1000000.0 + time[2]
local used, start, ahead, others, largest = 0, now, false, 0, limit
local rest, last, free = '', 0, now
for l, w, u, s, serial in string.gmatch(redis.call('GET', KEYS[1]) or '', '(%d+) (%d+) (%d+) (%d+) (%d+)') do
  local since = math.min(s + 0.0, now)
  local over = since + w
  if l == ARGV[1] and w == ARGV[2] then
    if now < over then
      used, start, ahead, again = u + 0.0, since, now < s + 0.0, serial == ARGV[4]
    end
  elseif now < over then
    rest = rest .. string.format('%s %s %s %s %s ', l, w, u, s, serial)
    last = math.max(last, over)
    over = math.min(over, since + window)
    if now < over and (isNamed and string.sub(l, 1, 1) ~= '0' or l == ARGV[1] or w == ARGV[2]) then
      others, largest, free = others + u, math.max(largest, l + 0.0), math.max(free, over)
    end
  end
end
local held = math.max(0, others - (largest - limit))
local allowed = again or used + held + cost <= most
if take and allowed and not again then used = used + cost end
local reset = math.ceil((start + window - now) / 1000)
-- A refusal needs no write, unless the server's clock was set back.
if take and (allowed or ahead) then
  local own = string.format('%s %s %.0f %.0f %s', ARGV[1], ARGV[2], used, start, ARGV[4])
  local expiry = math.max(reset, math.ceil((last - now) / 1000))
  redis.call('SET', KEYS[1], rest .. own, 'PX', string.format('%.0f', expiry))
end
local retry = 0
if not allowed then
  retry = used + cost <= most and math.ceil((free - now) / 1000) or reset
end
return { allowed and 1 or 0, math.max(0, most - used - held), retry, reset }
