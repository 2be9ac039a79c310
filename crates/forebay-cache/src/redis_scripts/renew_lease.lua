-- Holds the lease KEYS[1] for ARGV[2] milliseconds more, if it is still that of the token ARGV[1].
if redis.call('GET', KEYS[1]) ~= 'L' .. ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
