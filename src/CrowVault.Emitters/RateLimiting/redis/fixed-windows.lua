-- The key holds "limit window used start serial" of each window that counts it: the requests in it, and the microsecond of its
-- start; a further window's limit begins with a 0, which tells it from a version of the first. Those of the same length, else
-- of the same limit, as one of this call's windows are taken for versions of it, as during a deploy: each counts for itself, and
-- together they admit no more than the largest of them.
local cost, take = ARGV[1] + 0.0, ARGV[2] ~= '0'
local time = redis.call('TIME')
local now = time[1] * 1000000.0 + time[2]
local windows, again, ahead = {}, false, false
for i = 4, #ARGV, 2 do
  local limit, length = ARGV[i] + 0.0, ARGV[i + 1] + 0.0
  local window = { limit = limit, most = limit, length = length, used = 0, start = now, serial = '0' }
  window.others, window.largest, window.free = 0, limit, now
  table.insert(windows, window)
end
-- What this request may use of the first window.
windows[1].most = ARGV[3] + 0.0
local rest, last = '', now
for l, w, u, s, serial in string.gmatch(redis.call('GET', KEYS[1]) or '', '(%d+) (%d+) (%d+) (%d+) (%d+)') do
  local limit, length, since = l + 0.0, w + 0.0, math.min(s + 0.0, now)
  local over, version = since + length, nil
  for _, each in ipairs(windows) do
    if length == each.length or (limit == each.limit and not version) then version = each end
  end
  if over <= now then
    version = nil
  elseif version and limit == version.limit and length == version.length then
    version.used, version.start, version.serial = u + 0.0, since, serial
    again, ahead = again or serial == ARGV[2], ahead or now < s + 0.0
  else
    rest = rest .. string.format('%s %s %s %s %s ', l, w, u, s, serial)
    last = math.max(last, over)
    if version and now < since + version.length then
      version.others, version.largest = version.others + u, math.max(version.largest, limit)
      version.free = math.max(version.free, math.min(over, since + version.length))
    end
  end
end
local allowed = true
for _, each in ipairs(windows) do
  each.held = math.max(0, each.others - (each.largest - each.limit))
  each.fits = each.used + each.held + cost <= each.most
  allowed = allowed and each.fits
end
allowed = allowed or again
-- The window that binds: of those that refuse the one with the longest wait, else the one with the least left.
local binding, place = nil, 0
for index, each in ipairs(windows) do
  if take and allowed and not again then each.used, each.serial = each.used + cost, ARGV[2] end
  each.reset, each.wait = math.ceil((each.start + each.length - now) / 1000), 0
  each.left = math.max(0, each.most - each.used - each.held)
  if not (allowed or each.fits) then
    each.wait = each.used + cost <= each.most and math.ceil((each.free - now) / 1000) or each.reset
  end
  if not binding or (allowed and each.left < binding.left) or each.wait > binding.wait then binding, place = each, index - 1 end
end
-- A refusal needs no write, unless the server's clock was set back.
if take and (allowed or ahead) then
  local state, expiry = rest, math.ceil((last - now) / 1000)
  for index, each in ipairs(windows) do
    if each.used > 0 then
      local mark = index > 1 and '0' or ''
      state = state .. mark .. string.format('%.0f %.0f %.0f %.0f %s ', each.limit, each.length, each.used, each.start, each.serial)
      expiry = math.max(expiry, each.reset)
    end
  end
  redis.call('SET', KEYS[1], state, 'PX', string.format('%.0f', expiry))
end
return { allowed and 1 or 0, binding.left, binding.wait, binding.reset, place }
