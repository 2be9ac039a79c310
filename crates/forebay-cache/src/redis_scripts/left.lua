-- How much longer each of KEYS is kept, as PTTL says.
local left = {}
for at, key in ipairs(KEYS) do
  left[at] = redis.call('PTTL', key)
end
return left
