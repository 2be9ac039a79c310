-- ARGV: 4 target ('k', 't', 'c' or 'p' with a name, 'a'), 5 the name, 6 events kept, 7 names kept, 8 channel, 9 body,
-- 10 positions, twenty bytes each, 11 the command that publishes, 12 patterns kept. Returns the event.
local target, name, events_max, tags_max = ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local chain = read() or restart()
local server = other_server(chain.run)
local moved = server and chain.run
if moved then go_on(chain) end
local number = chain.number + 1
local event = '\1' .. chain.epoch .. bytes(number, 8) .. ARGV[3] .. chain.link .. ARGV[9]

-- First, because it is what Redis refuses when it is out of memory: then nothing was done.
local id = text(number) .. '-0'
local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', text(events_max), id, 'e', event)
if type(added) == 'table' and added.err then
  if not string.find(added.err, 'smaller', 1, true) then return added end
  redis.call('DEL', KEYS[2]) -- left over from another chain
  redis.call('XADD', KEYS[2], id, 'e', event)
end

if moved then write_lineage(chain) end
if server then redis.call('HSET', KEYS[1], 'run', server) end

-- What a lost table of tags held is covered by the floor: misses, never something stale.
if not whole(chain, KEYS[3], chain.tags) then
  chain.floor, chain.tags, chain.older = chain.number, chain.number, -1
  redis.call('DEL', KEYS[3], KEYS[4])
  redis.call('HSET', KEYS[3], 'mark', mark(chain, chain.tags))
elseif chain.older >= 0 and not whole(chain, KEYS[4], chain.older) then
  chain.floor, chain.older = math.max(chain.floor, chain.tags), -1
  redis.call('DEL', KEYS[4])
end

if target == 'a' then
  chain.floor = number
elseif target == 'p' then
  -- Patterns that are lost or dropped are covered by the number the table begins with.
  if not chain.patterns or not whole(chain, KEYS[5], chain.patterns) then
    chain.patterns = chain.patterns and chain.number or 0
    redis.call('DEL', KEYS[5])
  end
  redis.call('HSET', KEYS[5], 'mark', mark(chain, chain.patterns), 'p' .. name, text(number))
  if redis.call('HLEN', KEYS[5]) > tonumber(ARGV[12]) + 1 then
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
else
  redis.call('HSET', KEYS[3], target .. name, text(number))
  if redis.call('HLEN', KEYS[3]) > tags_max / 2 then
    -- The table is full: it becomes the older one, and what that one held is covered by the floor.
    if chain.older >= 0 then chain.floor = math.max(chain.floor, chain.tags) end
    redis.call('RENAME', KEYS[3], KEYS[4])
    chain.older, chain.tags = chain.tags, number
    redis.call('HSET', KEYS[3], 'mark', mark(chain, number))
  end
end

for at = 1, #ARGV[10], 20 do
  local system, place = string.sub(ARGV[10], at, at + 7), string.sub(ARGV[10], at + 8, at + 19)
  local known, later = chain.positions[system], true
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

chain.number, chain.link = number, ARGV[3]
write(chain)
redis.call(ARGV[11], ARGV[8], event)
return event
