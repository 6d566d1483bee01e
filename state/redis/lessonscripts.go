package redis

import "github.com/redis/go-redis/v9"

// The scripts of lessons: KEYS are lessons, samples, changes and figures. What is
// optional, as a sample, has a "=" before it, and is empty when it is not there.

// changing is what several of them do.
const changing = `
local function change(mark, ...)
  local n = redis.call('HINCRBY', KEYS[4], 'end', 1)
  redis.call('HSET', KEYS[4], 'mark', mark)
  redis.call('XADD', KEYS[3], string.format('%.0f', n) .. '-' .. mark, ...)
  return n
end
local function last(life)
  for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], life) end
end
local function keep(name, class, about, sample)
  local was = redis.call('HGET', KEYS[2], name)
  if was then
    redis.call('HINCRBY', KEYS[4], string.byte(was), -1)
    redis.call('HDEL', KEYS[2], name)
  end
  if class == 0 then
    redis.call('HDEL', KEYS[1], name)
    return
  end
  redis.call('HSET', KEYS[1], name, string.char(class) .. about)
  if sample ~= '' then
    redis.call('HSET', KEYS[2], name, string.char(class) .. string.sub(sample, 2))
    redis.call('HINCRBY', KEYS[4], class, 1)
  end
end
`

// lessonScript puts a lesson: name, class, about, sample, mark, lifetime. It returns what
// was known, the old sample, the change's number (0 when nothing changed, -1 when the old sample is missing), and
// number and mark of the change before.
var lessonScript = redis.NewScript(changing + `
local name, class, sample = ARGV[1], tonumber(ARGV[2]), ARGV[4]
local known = redis.call('HGET', KEYS[1], name) or ''
local was = known == '' and 0 or string.byte(known)
if was == class then return {known, '', 0, '0', '0'} end
local kept, taken = '', ''
if was ~= 0 then
  kept = redis.call('HGET', KEYS[2], name)
  kept = kept and '=' .. string.sub(kept, 2) or ''
  taken = kept
  if taken == '' then taken = sample end
  if taken == '' then return {known, '', -1, '0', '0'} end
end
local before = redis.call('HMGET', KEYS[4], 'end', 'mark')
keep(name, class, ARGV[3], sample)
local n = change(ARGV[5], 'n', name, 'w', was, 't', taken, 'c', class, 's', class == 0 and '' or sample)
last(ARGV[6])
return {known, kept, n, before[1] or '0', before[2] or '0'}`)

// importScript keeps a lesson without a change: name, class, about, sample, lifetime.
var importScript = redis.NewScript(changing + `
keep(ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4])
last(ARGV[5])
return 1`)

// noteScript appends a note: the number and mark that must be the last, note, mark, lifetime.
var noteScript = redis.NewScript(changing + `
local at = redis.call('HMGET', KEYS[4], 'end', 'mark')
if (at[1] or '0') ~= ARGV[1] or (at[2] or '0') ~= ARGV[2] then return 0 end
local n = change(ARGV[4], 'x', ARGV[3])
last(ARGV[5])
return n`)

// listScript gives a page: cursor and how many. It returns the cursor, then name, what is known
// and whether there is a sample.
var listScript = redis.NewScript(`
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local out = {page[1]}
for i = 1, #page[2], 2 do
  out[#out+1] = page[2][i]
  out[#out+1] = page[2][i+1]
  out[#out+1] = redis.call('HEXISTS', KEYS[2], page[2][i])
end
return out`)

// samplesScript is the same for samples: name, what is known, sample.
var samplesScript = redis.NewScript(`
local page = redis.call('HSCAN', KEYS[2], ARGV[1], 'COUNT', ARGV[2])
local out = {page[1]}
for i = 1, #page[2], 2 do
  out[#out+1] = page[2][i]
  out[#out+1] = redis.call('HGET', KEYS[1], page[2][i]) or ''
  out[#out+1] = page[2][i+1]
end
return out`)

// releaseScript lets go of samples.
var releaseScript = redis.NewScript(`
for _, name in ipairs(ARGV) do
  local was = redis.call('HGET', KEYS[2], name)
  if was then
    redis.call('HINCRBY', KEYS[4], string.byte(was), -1)
    redis.call('HDEL', KEYS[2], name)
  end
end
return 1`)

// removeScript lets go of lessons without a sample.
var removeScript = redis.NewScript(`
for _, name in ipairs(ARGV) do
  if redis.call('HEXISTS', KEYS[2], name) == 0 then redis.call('HDEL', KEYS[1], name) end
end
return 1`)

// snapshotScript makes chunks that were written the snapshot: the position of the one before, its
// own, the same as number and mark, the number of chunks, how many changes before it are kept, the lifetime
// of all and of the one before, and what the keys of chunks begin with; they have the same tag.
var snapshotScript = redis.NewScript(`
local m = redis.call('HMGET', KEYS[4], 'snapshot', 'chunks', 'end')
if (m[1] or '0-0') ~= ARGV[1] then return 0 end
if not m[3] then
  redis.call('HSET', KEYS[4], 'end', ARGV[3], 'mark', ARGV[4])
elseif tonumber(m[3]) < tonumber(ARGV[3]) then
  return 0
end
redis.call('HSET', KEYS[4], 'snapshot', ARGV[2], 'chunks', ARGV[5])
for i = 0, tonumber(ARGV[5]) - 1 do redis.call('PEXPIRE', ARGV[9] .. ARGV[2] .. ':' .. i, ARGV[7]) end
if m[1] and m[1] ~= ARGV[2] then
  for i = 0, tonumber(m[2]) - 1 do redis.call('PEXPIRE', ARGV[9] .. m[1] .. ':' .. i, ARGV[8]) end
end
local oldest = tonumber(ARGV[3]) - tonumber(ARGV[6])
if oldest > 0 then redis.call('XTRIM', KEYS[3], 'MINID', string.format('%.0f', oldest)) end
for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[7]) end
return 1`)

// statsScript gives end, mark, snapshot, lessons and the samples of each class, and renews lifetimes.
var statsScript = redis.NewScript(`
local m = redis.call('HMGET', KEYS[4], 'end', 'mark', 'snapshot', '1', '2', 'chunks')
for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[1]) end
if m[3] then
  for i = 0, tonumber(m[6]) - 1 do redis.call('PEXPIRE', ARGV[2] .. m[3] .. ':' .. i, ARGV[1]) end
end
return {m[1] or '0', m[2] or '0', m[3] or '0-0', tostring(redis.call('HLEN', KEYS[1])), m[4] or '0', m[5] or '0'}`)
