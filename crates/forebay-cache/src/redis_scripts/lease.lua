-- Reads the entry KEYS[1], and leases its key by KEYS[2] if it has to be loaded.
-- ARGV: 1 token of the caller (8 bytes), 2 how long it holds, 3 an entry with less time left is stale (both in
-- milliseconds), 4 'y' to lease whatever the entry says, 5 the token the caller has been waiting for, or ''.
-- Returns time left, entry, and 0 no lease needed, 1 leased, 2 another holds it (and its token), 3 the one waited for
-- failed (and why), 4 the lease's place is taken by an entry of a key that looks like it.
local left, entry = redis.call('PTTL', KEYS[1]), redis.call('GET', KEYS[1])
local loaded = entry and #entry >= 4 and string.byte(entry, 4) ~= 1
if ARGV[4] ~= 'y' and loaded and (left < 0 or left > tonumber(ARGV[3])) then return { left, entry, 0 } end

local held = redis.call('GET', KEYS[2])
if held then
  local kind, token = string.sub(held, 1, 1), string.sub(held, 2, 9)
  if kind == 'L' and token ~= ARGV[1] then return { left, entry, 2, token } end
  if kind == 'E' and token == ARGV[5] then return { left, entry, 3, string.sub(held, 10) } end
  if kind ~= 'L' and kind ~= 'E' then return { left, entry, 4 } end
end
redis.call('SET', KEYS[2], 'L' .. ARGV[1], 'PX', ARGV[2])
return { left, entry, 1 }
