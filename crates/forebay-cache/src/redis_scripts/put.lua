-- Stores ARGV[1] under KEYS[1] for ARGV[2] milliseconds ('' for no limit), unless what is there has a larger stamp.
-- Behind an entry of version 1 that is kept for a time stands until when by this server's clock, which makes it one of version
-- 2: who reads it need not ask for how much longer. Not where that does not fit into a number of Lua, nor where the user may
-- not ask for the time.
-- Bytes are compared one by one: Lua's < on strings follows the server's locale.
local function after(a, b)
  for at = 5, 20 do
    local x, y = string.byte(a, at), string.byte(b, at)
    if x ~= y then return x > y end
  end
  return false
end

local entry, keep = ARGV[1], tonumber(ARGV[2])
local held = redis.call('GETRANGE', KEYS[1], 0, 19)
if #held == 20 and string.sub(held, 1, 2) == 'FB' and after(held, entry) then return 0 end
if not keep then
  redis.call('SET', KEYS[1], entry)
  return 1
end
if keep < 2 ^ 50 and string.sub(entry, 1, 4) == 'FB\1\0' then
  local now = redis.pcall('TIME')
  if not now['err'] then
    local till = now[1] * 1000 + math.floor(now[2] / 1000) + keep
    entry = 'FB\2' .. string.sub(entry, 4) .. struct.pack('>I8', till)
  end
end
redis.call('SET', KEYS[1], entry, 'PX', ARGV[2])
return 1
