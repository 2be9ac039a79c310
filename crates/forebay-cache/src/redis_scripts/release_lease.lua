-- Gives back the lease KEYS[1], if it is still that of the token ARGV[1]. A load that failed leaves why (ARGV[2]) for
-- ARGV[3] milliseconds to those who waited for it.
if redis.call('GET', KEYS[1]) ~= 'L' .. ARGV[1] then return 0 end
if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], 'E' .. ARGV[1] .. ARGV[2], 'PX', ARGV[3])
end
return 1
