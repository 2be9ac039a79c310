-- Stores ARGV[1] under KEYS[1] for ARGV[2] milliseconds ('' for no limit), unless what is there has a larger stamp.
-- Bytes are compared one by one: Lua's < on strings follows the server's locale.
local function after(a, b)
  for at = 5, 20 do
    local x, y = string.byte(a, at), string.byte(b, at)
    if x ~= y then return x > y end
  end
  return false
end

local held = redis.call('GETRANGE', KEYS[1], 0, 19)
if #held == 20 and string.sub(held, 1, 2) == 'FB' and after(held, ARGV[1]) then return 0 end
if ARGV[2] == '' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
