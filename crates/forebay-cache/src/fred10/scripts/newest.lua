-- ARGV: 1.. names in the tables of tags. Returns epoch, floor, and the newest number of each name.
local chain = read()
if not chain then return redis.error_reply('CHAINLOST the chain of invalidations is gone') end
local floor, keys = chain.floor, {}
if whole(chain, KEYS[3], chain.tags) then
  keys[1] = KEYS[3]
  if chain.older >= 0 then
    if whole(chain, KEYS[4], chain.older) then
      keys[2] = KEYS[4]
    else
      floor = math.max(floor, chain.tags)
    end
  end
else
  floor = chain.number
end

local out = { chain.epoch, bytes(floor, 8) }
for at, name in ipairs(ARGV) do
  local number = floor
  for _, key in ipairs(keys) do
    number = math.max(number, tonumber(redis.call('HGET', key, name) or 0))
  end
  out[at + 2] = bytes(number, 8)
end
return out
