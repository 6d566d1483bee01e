package redis

import "github.com/redis/go-redis/v9"

// The scripts. redis.Script runs one by EVALSHA, and sends it when the server
// says NOSCRIPT. Numbers beyond 14 digits are printed with %.0f: Lua would
// write them in scientific notation.

// onceScript keeps values whose keys are free: KEYS, then for each a value and
// a lifetime in milliseconds. It returns what was there.
var onceScript = redis.NewScript(`
local was = redis.call('MGET', unpack(KEYS))
for i, key in ipairs(KEYS) do
  if not was[i] then
    local won = redis.call('SET', key, ARGV[2*i-1], 'NX', 'PX', ARGV[2*i])
    if not won then was[i] = redis.call('GET', key) end
  end
end
return was`)

// countScript adds to counters: for each key what to add and a lifetime in milliseconds
// for a new one. Nothing is counted when one of them is no number.
var countScript = redis.NewScript(`
local was = redis.call('MGET', unpack(KEYS))
for i = 1, #KEYS do
  if was[i] and not string.match(was[i], '^-?%d+$') then
    return redis.error_reply('ERR ' .. i .. ' holds no number')
  end
end
local now = {}
for i, key in ipairs(KEYS) do
  if ARGV[2*i-1] == '0' then
    now[i] = redis.call('GET', key) or '0'
  else
    now[i] = redis.call('INCRBY', key, ARGV[2*i-1])
    if redis.call('PTTL', key) < 0 then redis.call('PEXPIRE', key, ARGV[2*i]) end
  end
end
return now`)

// takeScript is state.Settle: ARGV is 1 for a look, then for each key cost,
// tolerance and floor in microseconds. The clock is that of Redis, one for all machines. It
// returns now, whether each limit let it pass, and where each stands.
var takeScript = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local kept = redis.call('MGET', unpack(KEYS))
local was, to, ok, all = {}, {}, {}, true
for i, key in ipairs(KEYS) do
  local cost, tolerance, floor = tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i]), tonumber(ARGV[3*i+1])
  was[key] = math.max(was[key] or tonumber(kept[i] or 0), floor)
  local tat = math.max(to[key] or was[key], floor)
  local after = math.max(math.max(tat, now) + cost, now)
  ok[i] = 1
  if cost > 0 and after - now > tolerance then
    all, ok[i], after = false, 0, math.max(tat, now)
  end
  to[key] = after
end
if all and ARGV[1] ~= '1' then was = to end
local reply = {string.format('%.0f', now)}
for i, key in ipairs(KEYS) do
  local tat = was[key]
  if ARGV[1] == '1' then
  elseif tat > now then
    redis.call('SET', key, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000))
  elseif kept[i] then
    redis.call('DEL', key)
  end
  reply[2*i] = ok[i]
  reply[2*i+1] = string.format('%.0f', tat)
end
return reply`)

// addScript keeps a verdict record: KEYS are the record, the hour's ids, its
// index (the chunk's number is put behind) and its roll-up, all of one tag. ARGV: id, record, its lifetime and that
// of the roll-up in seconds, the terms of 6 bytes each in one piece, then
// names and figures for the roll-up. It does nothing to a record that is there.
var addScript = redis.NewScript(`
if not redis.call('SET', KEYS[1], ARGV[2], 'NX', 'EX', ARGV[3]) then return 0 end
local at = math.floor((redis.call('APPEND', KEYS[2], ARGV[1]) - #ARGV[1]) / #ARGV[1])
local chunk, place = math.floor(at / 1024), at % 1024
local index = KEYS[3] .. chunk
local two = string.char(math.floor(place / 256), place % 256)
local fields = {}
for p = 1, #ARGV[5], 6 do fields[#fields+1] = string.sub(ARGV[5], p, p + 5) end
local was = redis.call('HMGET', index, unpack(fields))
local put = {}
for i, field in ipairs(fields) do
  put[2*i-1] = field
  put[2*i] = (was[i] or '') .. two
end
redis.call('HSET', index, unpack(put))
if at == 0 then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
if place == 0 then redis.call('EXPIRE', index, ARGV[3]) end
for i = 6, #ARGV, 2 do redis.call('HINCRBY', KEYS[4], ARGV[i], ARGV[i+1]) end
if #ARGV > 5 and redis.call('TTL', KEYS[4]) < 0 then redis.call('EXPIRE', KEYS[4], ARGV[4]) end
return 1`)
