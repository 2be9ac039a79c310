-- Puts the tombstone ARGV[1] in place of KEYS[1] for ARGV[2] milliseconds, unless what is there refuses as much already.
local function after(a, b)
  for at = 5, 20 do
    local x, y = string.byte(a, at), string.byte(b, at)
    if x ~= y then return x > y end
  end
  return false
end

local held = redis.call('GETRANGE', KEYS[1], 0, 19)
if #held == 20 and string.sub(held, 1, 2) == 'FB' and not after(ARGV[1], held) then
  local left = redis.call('PTTL', KEYS[1])
  if string.byte(held, 4) == 1 and left >= 0 and left < tonumber(ARGV[2]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
