-- The key holds "limit window serial used last count:microsecond requests microsecond requests ...;" of each window that counts
-- it: the requests in its log, the last entry, and those before. A further window's limit begins with a 0, which tells it from
-- a version of the first. Those of the same length, else of the same limit, as one of this call's windows are taken for
-- versions of it, as during a deploy: each counts for itself, and together they admit no more than the largest of them.
-- Up to 100 requests a window its log is exact. Above, those of one slice, a hundredth of it, share an entry and count until
-- the last of them has left: never more than the limit in any window, each place back up to a slice late.
local cost, take = ARGV[1] + 0.0, ARGV[2] ~= '0'
local time = redis.call('TIME')
local now = time[1] * 1000000.0 + time[2]
local windows, again, ahead = {}, false, false
for i = 4, #ARGV, 2 do
  local limit, length = ARGV[i] + 0.0, ARGV[i + 1] + 0.0
  local window = { limit = limit, most = limit, length = length, others = 0, largest = limit, free = now }
  window.serial, window.used, window.last, window.count, window.log, window.from = '0', 0, 0, 0, '', 1
  table.insert(windows, window)
end
-- What this request may use of the first window.
windows[1].most = ARGV[3] + 0.0
local rest, over = '', now
local state, from = redis.call('GET', KEYS[1]) or '', 1
while true do
  local _, colon, l, w, serial, u, t, n = string.find(state, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+):', from)
  if not colon then break end
  from = string.find(state, ';', colon, true) + 1
  local entries = string.sub(state, colon + 1, from - 2)
  local limit, length, version = l + 0.0, w + 0.0, nil
  for _, each in ipairs(windows) do
    if length == each.length or (limit == each.limit and not version) then version = each end
  end
  if t + length <= now then
    version = nil
  elseif version and limit == version.limit and length == version.length then
    version.serial, version.used, version.last, version.count, version.log = serial, u + 0.0, t + 0.0, n + 0.0, entries
    again = again or serial == ARGV[2]
  else
    rest = rest .. string.format('%s %s %s %s %s %s:%s;', l, w, serial, u, t, n, entries)
    over = math.max(over, t + length)
    if version then
      local shared = math.min(length, version.length)
      version.largest = math.max(version.largest, limit)
      for at, requests in string.gmatch(entries .. t .. ' ' .. n .. ' ', '(%d+) (%d+) ') do
        at = math.min(at + 0.0, now)
        if at + shared > now then version.others, version.free = version.others + requests, math.max(version.free, at + shared) end
      end
    end
  end
end
local allowed = true
for _, each in ipairs(windows) do
  if each.last > now then
    -- The server's clock was set back.
    ahead, each.last = true, now
    each.log = string.gsub(each.log, '(%d+) (%d+) ', function(at, requests)
      return string.format('%.0f %s ', math.min(at + 0.0, now), requests)
    end)
  end
  while true do
    local _, stop, at, requests = string.find(each.log, '^(%d+) (%d+) ', each.from)
    if not stop or at + each.length > now then break end
    each.used, each.from = each.used - requests, stop + 1
  end
  each.held = math.max(0, each.others - (each.largest - each.limit))
  each.excess = each.used + each.held + cost - each.most
  allowed = allowed and each.excess <= 0
end
allowed = allowed or again
-- The window that binds: of those that refuse the one with the longest wait, else the one with the least left.
local binding, place = nil, 0
for index, each in ipairs(windows) do
  each.wait = 0
  if not allowed and each.excess > 0 then
    local excess, next = each.excess - each.held, each.from
    if excess <= 0 then each.wait = math.ceil((each.free - now) / 1000) end
    while excess > 0 do
      local _, stop, at, requests = string.find(each.log, '^(%d+) (%d+) ', next)
      each.wait = math.ceil(((at or each.last) + each.length - now) / 1000)
      excess, next = excess - (requests or each.count), (stop or next) + 1
    end
  elseif allowed and take and not again then
    local slice = each.most <= 100 and 1 or each.length / 100
    if each.count > 0 and math.floor(each.last / slice) == math.floor(now / slice) then
      each.count = each.count + cost
    else
      if each.count > 0 then each.log = each.log .. string.format('%.0f %.0f ', each.last, each.count) end
      each.count = cost
    end
    each.used, each.last, each.serial = each.used + cost, now, ARGV[2]
  end
  each.left = math.max(0, each.most - each.used - each.held)
  each.reset = each.count > 0 and math.ceil((each.last + each.length - now) / 1000) or 0
  if not binding or (allowed and each.left < binding.left) or each.wait > binding.wait then binding, place = each, index - 1 end
end
-- A refusal needs no write, unless the server's clock was set back.
if take and (allowed or ahead) then
  local expiry = math.ceil((over - now) / 1000)
  for index, each in ipairs(windows) do
    if each.count > 0 then
      local mark = index > 1 and '0' or ''
      local figures = { each.limit, each.length, each.serial, each.used, each.last, each.count }
      local own = string.format('%.0f %.0f %s %.0f %.0f %.0f:', unpack(figures))
      rest = rest .. mark .. own .. string.sub(each.log, each.from) .. ';'
      expiry = math.max(expiry, each.reset)
    end
  end
  redis.call('SET', KEYS[1], rest, 'PX', string.format('%.0f', expiry))
end
return { allowed and 1 or 0, binding.left, binding.wait, binding.reset, place }
