-- The key holds "limit window serial used last count:microsecond requests microsecond requests ...;" of each policy that counts
-- it: the requests in its log, the last entry, and those before. Policies of one name, or with the same limit or window, are
-- taken for versions of one, as during a deploy: each counts for itself, and together they admit no more than the largest
-- of them. Up to 100 requests a window the log is exact. Above, those of one slice, a hundredth of it, share an entry and
-- count until the last of them has left: never more than the limit in any window, each place back up to a slice late.
local limit, window, cost, take = ARGV[1] + 0.0, ARGV[2] + 0.0, ARGV[3] + 0.0, ARGV[4] ~= '0'
local most, isNamed = ARGV[5] + 0.0, ARGV[6] == '1'
local slice = most <= 100 and 1 or window / 100
local time = redis.call('TIME')
local now = time[1] * 1000000.0 + time[2]
local again, ahead = false, false
local used, last, count, log, from = 0, 0, 0, '', 1
local others, largest, rest, over, free = 0, limit, '', now, now
local state, place = redis.call('GET', KEYS[1]) or '', 1
while true do
  local _, colon, l, w, serial, u, t, n = string.find(state, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+):', place)
  if not colon then break end
  place = string.find(state, ';', colon, true) + 1
  local entries = string.sub(state, colon + 1, place - 2)
  if l == ARGV[1] and w == ARGV[2] then
    again, used, last, count, log = serial == ARGV[4], u + 0.0, t + 0.0, n + 0.0, entries
  elseif t + w > now then
    rest = rest .. string.format('%s %s %s %s %s %s:%s;', l, w, serial, u, t, n, entries)
    over = math.max(over, t + w)
    if isNamed and string.sub(l, 1, 1) ~= '0' or l == ARGV[1] or w == ARGV[2] then
      local shared = math.min(w + 0.0, window)
      largest = math.max(largest, l + 0.0)
      for at, requests in string.gmatch(entries .. t .. ' ' .. n .. ' ', '(%d+) (%d+) ') do
        at = math.min(at + 0.0, now)
        if at + shared > now then others, free = others + requests, math.max(free, at + shared) end
      end
    end
  end
end
if last > now then
  -- The server's clock was set back.
  ahead, last = true, now
  log = string.gsub(log, '(%d+) (%d+) ', function(at, requests)
    return string.format('%.0f %s ', math.min(at + 0.0, now), requests)
  end)
end
if last + window <= now then
  used, count, log = 0, 0, ''
end
while true do
  local _, stop, at, requests = string.find(log, '^(%d+) (%d+) ', from)
  if not stop or at + window > now then break end
  used, from = used - requests, stop + 1
end
local held = math.max(0, others - (largest - limit))
local allowed = again or used + held + cost <= most
local retry = 0
if not allowed then
  local excess = used + cost - most
  if excess <= 0 then retry = math.ceil((free - now) / 1000) end
  local next = from
  while excess > 0 do
    local _, stop, at, requests = string.find(log, '^(%d+) (%d+) ', next)
    retry = math.ceil(((at or last) + window - now) / 1000)
    excess, next = excess - (requests or count), (stop or next) + 1
  end
elseif take and not again then
  used = used + cost
  if count > 0 and math.floor(last / slice) == math.floor(now / slice) then
    last, count = now, count + cost
  else
    if count > 0 then log = log .. string.format('%.0f %.0f ', last, count) end
    last, count = now, cost
  end
end
local reset = count > 0 and math.ceil((last + window - now) / 1000) or 0
-- A refusal needs no write, unless the server's clock was set back.
if take and (allowed or ahead) then
  local own = string.format('%s %s %s %.0f %.0f %.0f:', ARGV[1], ARGV[2], ARGV[4], used, last, count)
  local expiry = math.max(reset, math.ceil((over - now) / 1000))
  redis.call('SET', KEYS[1], rest .. own .. string.sub(log, from) .. ';', 'PX', string.format('%.0f', expiry))
end
return { allowed and 1 or 0, math.max(0, most - used - held), retry, reset }
