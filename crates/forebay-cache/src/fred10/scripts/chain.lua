-- Shared by the scripts of the sequencer. KEYS: 1 chain (hash), 2 log (stream), 3 tags, 4 older tags, 5 patterns (hashes).
-- ARGV[1..3] in each script: smallest generation for a new epoch, three random bytes, a random link.

local function bytes(number, width) -- big-endian
  local out = ''
  for _ = 1, width do
    out = string.char(number % 256) .. out
    number = math.floor(number / 256)
  end
  return out
end

local function text(number)
  return string.format('%.0f', number)
end

-- What there is of the chain.
local function fields()
  local flat = redis.call('HGETALL', KEYS[1])
  local chain = { positions = {} }
  for at = 1, #flat, 2 do
    local name, value = flat[at], flat[at + 1]
    if string.sub(name, 1, 1) == 'p' and #name == 9 then
      chain.positions[string.sub(name, 2)] = value
    else
      chain[name] = value
    end
  end
  return chain
end

-- The chain as it is, or nil when there is none or part of it is gone.
local function read()
  local chain = fields()
  for _, name in ipairs({ 'number', 'floor', 'tags', 'older' }) do
    chain[name] = tonumber(chain[name])
    if not chain[name] then return nil end
  end
  chain.patterns = tonumber(chain.patterns) -- from when on the table of patterns has all; nil when there never was one
  if not chain.epoch or #chain.epoch ~= 8 or not chain.link or #chain.link ~= 8 then return nil end
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
  return chain.epoch .. text(from)
end

local function whole(chain, key, from)
  return redis.call('HGET', key, 'mark') == mark(chain, from)
end

-- A new epoch that trusts nothing numbered before. Generations follow the server's clock only so that later epochs
-- are larger when nobody is left who remembers an earlier one; what is valid does not depend on it. Positions stay as
-- far as there are any (they are a lower bound); those that are gone, nodes that heard of them keep on their own.
local function restart(number)
  local generation = math.max(tonumber(ARGV[1]), tonumber(redis.call('TIME')[1]))
  local chain = {
    epoch = bytes(generation, 5) .. ARGV[2], number = number, link = ARGV[3],
    floor = number, tags = number, older = -1, positions = fields().positions,
  }
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
  redis.call('HSET', KEYS[3], 'mark', mark(chain, number))
  write(chain)
  return chain
end

local function positions(chain)
  local out = {}
  for system, place in pairs(chain.positions) do
    out[#out + 1] = system .. place
  end
  return table.concat(out)
end
