-- ARGV: 4 events kept, 5 names kept, 6 patterns kept, 7 channel, 8 the command that publishes; then five of each
-- invalidation: target ('k', 't', 'c' or 'p' with a name, 'a'), the name, its link, its body, and its positions, twenty bytes
-- each. Returns their events.
local events_max, tags_max, patterns_max = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local chain = read() or restart()
local server = other_server(chain.run)
local moved = server and chain.run
if moved then go_on(chain) end
local tables = true -- whether they have to be looked at, because they may have changed

local function append(number, event)
  local id = text(number) .. '-0'
  local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', events_max, id, 'e', event)
  if type(added) == 'table' and added.err then
    if not string.find(added.err, 'smaller', 1, true) then return added end
    redis.call('DEL', KEYS[2]) -- left over from another chain
    redis.call('XADD', KEYS[2], id, 'e', event)
  end
end

-- What a lost table of tags held is covered by the floor: misses, never something stale.
local function check_tables()
  if not whole(chain, KEYS[3], chain.tags) then
    chain.floor, chain.tags, chain.older = chain.number, chain.number, -1
    redis.call('DEL', KEYS[3], KEYS[4])
    redis.call('HSET', KEYS[3], 'mark', mark(chain, chain.tags))
  elseif chain.older >= 0 and not whole(chain, KEYS[4], chain.older) then
    chain.floor, chain.older = math.max(chain.floor, chain.tags), -1
    redis.call('DEL', KEYS[4])
  end
end

local function remember_pattern(name, number)
  -- Patterns that are lost or dropped are covered by the number the table begins with.
  if not chain.patterns or not whole(chain, KEYS[5], chain.patterns) then
    chain.patterns = chain.patterns and chain.number or 0
    redis.call('DEL', KEYS[5])
  end
  redis.call('HSET', KEYS[5], 'mark', mark(chain, chain.patterns), 'p' .. name, text(number))
  if redis.call('HLEN', KEYS[5]) <= patterns_max + 1 then return end
  local flat, numbers = redis.call('HGETALL', KEYS[5]), {}
  for at = 1, #flat, 2 do
    if flat[at] ~= 'mark' then numbers[#numbers + 1] = tonumber(flat[at + 1]) end
  end
  table.sort(numbers)
  -- Half of them, so that this is rare.
  chain.patterns = numbers[math.ceil(#numbers / 2)]
  for at = 1, #flat, 2 do
    if flat[at] ~= 'mark' and tonumber(flat[at + 1]) <= chain.patterns then redis.call('HDEL', KEYS[5], flat[at]) end
  end
  redis.call('HSET', KEYS[5], 'mark', mark(chain, chain.patterns))
end

local function remember_name(name, number)
  local new = redis.call('HSET', KEYS[3], name, text(number)) > 0
  if not new or redis.call('HLEN', KEYS[3]) <= tags_max / 2 then return end
  -- The table is full: it becomes the older one, and what that one held is covered by the floor.
  if chain.older >= 0 then chain.floor = math.max(chain.floor, chain.tags) end
  redis.call('RENAME', KEYS[3], KEYS[4])
  chain.older, chain.tags = chain.tags, number
  redis.call('HSET', KEYS[3], 'mark', mark(chain, number))
end

local function remember_positions(list)
  for at = 1, #list, 20 do
    local system, place = string.sub(list, at, at + 7), string.sub(list, at + 8, at + 19)
    local known, later = redis.call('HGET', KEYS[1], 'p' .. system), true
    if known then
      for i = 1, 12 do
        local x, y = string.byte(place, i), string.byte(known, i)
        if x ~= y then
          later = x > y
          break
        end
      end
    end
    if later then redis.call('HSET', KEYS[1], 'p' .. system, place) end
  end
end

local events = {}
for at = 9, #ARGV, 5 do
  local target, name, link = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local number = chain.number + 1
  local event = '\1' .. chain.epoch .. bytes(number, 8) .. link .. chain.link .. ARGV[at + 3]
  -- First, because it is what Redis refuses when it is out of memory: then nothing was done.
  local refused = append(number, event)
  if refused then return refused end
  if tables then
    check_tables()
    tables = false
  end
  if target == 'a' then
    chain.floor = number
  elseif target == 'p' then
    remember_pattern(name, number)
  else
    remember_name(target .. name, number)
  end
  remember_positions(ARGV[at + 4])
  chain.number, chain.link = number, link
  events[#events + 1] = event
end

if moved then write_lineage(chain) end
if server then redis.call('HSET', KEYS[1], 'run', server) end
write(chain)
for _, event in ipairs(events) do
  redis.call(ARGV[8], ARGV[7], event)
end
return events
