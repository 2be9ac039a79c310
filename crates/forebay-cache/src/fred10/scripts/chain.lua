-- Shared by the scripts of the sequencer. KEYS: 1 chain (hash), 2 log (stream), 3 tags, 4 older tags, 5 patterns (hashes).
-- ARGV[1..3] in each script: smallest generation for a new epoch, three random bytes, a random link.

local function bytes(number, width) -- big-endian
  return struct.pack('>I' .. width, number)
end

local function number_in(text, from, width)
  return (struct.unpack('>I' .. width, text, from))
end

local function text(number)
  return string.format('%d', number)
end

-- The epochs before this one, each with its last number, newest last; the newest `live` of them are what it goes on from.
-- The tables carry the epoch they began in, which is the oldest of those. What is written there begins with the epoch it
-- belongs to: of another one it says nothing.
local ENDED_MAX = 8

local function lineage(chain)
  local said = chain.lineage
  if said and #said >= 17 and string.sub(said, 1, 8) == chain.epoch then
    chain.origin, chain.live, chain.ended = string.sub(said, 9, 16), string.byte(said, 17), string.sub(said, 18)
  else
    chain.origin, chain.live, chain.ended = chain.epoch, 0, ''
  end
end

-- The epoch ends; the next one goes on from it (`live` is how many it goes on from), or does not (0).
local function ended(chain, live)
  local list = string.sub(chain.ended .. chain.epoch .. bytes(chain.number, 8), -16 * ENDED_MAX)
  return { list = list, live = math.min(live, #list / 16) }
end

local function write_lineage(chain)
  redis.call('HSET', KEYS[1], 'lineage', chain.epoch .. chain.origin .. string.char(chain.live) .. chain.ended)
end

-- The chain as it is, or nil when there is none or part of it is gone.
local function read()
  local found = redis.call('HMGET', KEYS[1], 'epoch', 'link', 'number', 'floor', 'tags', 'older', 'patterns', 'run', 'lineage')
  local chain = {
    epoch = found[1], link = found[2], number = tonumber(found[3] or ''), floor = tonumber(found[4] or ''),
    tags = tonumber(found[5] or ''), older = tonumber(found[6] or ''),
    patterns = tonumber(found[7] or ''), -- from when on the table of patterns has all; nil when there never was one
    run = found[8], lineage = found[9],
  }
  if not (chain.number and chain.floor and chain.tags and chain.older) then return nil end
  if not chain.epoch or #chain.epoch ~= 8 or not chain.link or #chain.link ~= 8 then return nil end
  lineage(chain)
  return chain
end

local function write(chain)
  redis.call('HSET', KEYS[1], 'epoch', chain.epoch, 'number', text(chain.number), 'link', chain.link,
    'floor', text(chain.floor), 'tags', text(chain.tags), 'older', text(chain.older))
  if chain.patterns then
    redis.call('HSET', KEYS[1], 'patterns', text(chain.patterns))
  else
    redis.call('HDEL', KEYS[1], 'patterns')
  end
end

-- A table of tags, or of patterns, is whole while it carries the mark it was started with.
local function mark(chain, from)
  return chain.origin .. text(from)
end

local function whole(chain, key, from)
  return redis.call('HGET', key, 'mark') == mark(chain, from)
end

-- The server this runs on: another one may have lost the newest numbers, and so may the same one after a restart. nil when
-- it may not be asked.
local function other_server(known)
  local info = redis.pcall('INFO', 'server')
  if type(info) ~= 'string' or (known and string.find(info, known, 1, true)) then return nil end
  return string.match(info, 'run_id:(%w+)')
end

-- Generations follow the server's clock only so that later epochs are larger when nobody is left who remembers an earlier
-- one; what is valid does not depend on it.
local function next_epoch(after)
  local generation = math.max(tonumber(ARGV[1]), tonumber(redis.call('TIME')[1]))
  if after then
    generation = math.max(generation, number_in(after, 1, 5) + 1)
  end
  return bytes(generation, 5) .. ARGV[2]
end

-- A new epoch that trusts nothing numbered before, which was a chain or nothing that is left of one. Positions stay where
-- they are, as far as there are any (they are a lower bound); those that are gone, nodes that heard of them keep on their own.
local function restart(before)
  local number = before and before.number or 0
  local past = before and ended(before, 0) or { list = '', live = 0 }
  local epoch = next_epoch(before and before.epoch)
  local chain = {
    epoch = epoch, number = number, link = ARGV[3], floor = number, tags = number, older = -1,
    origin = epoch, live = 0, ended = past.list, run = before and before.run,
  }
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
  redis.call('HSET', KEYS[3], 'mark', mark(chain, number))
  write(chain)
  write_lineage(chain)
  return chain
end

-- A new epoch that goes on where the chain ends; not yet written.
local function go_on(chain)
  local past = ended(chain, chain.live + 1)
  chain.epoch, chain.ended, chain.live = next_epoch(chain.epoch), past.list, past.live
end

-- The newest position of each database, twenty bytes each.
local function positions()
  local flat, out = redis.call('HGETALL', KEYS[1]), {}
  for at = 1, #flat, 2 do
    local name = flat[at]
    if string.sub(name, 1, 1) == 'p' and #name == 9 then out[#out + 1] = string.sub(name, 2) .. flat[at + 1] end
  end
  return table.concat(out)
end
