-- ARGV: 4 the number events are wanted from ('' for none), 5 how many at most.
-- Returns epoch, number, link, positions, and the events from that number on (none when there are too many).
local chain = read() or restart(0)
local events = {}
local from, most = tonumber(ARGV[4]), tonumber(ARGV[5])
if from and chain.number - from < most then
  for _, entry in ipairs(redis.call('XRANGE', KEYS[2], text(from) .. '-0', '+')) do
    events[#events + 1] = entry[2][2]
  end
end
return { chain.epoch, bytes(chain.number, 8), chain.link, positions(chain), events }
