-- ARGV: 4 the number events are wanted from ('' for none, 'patterns' for patterns instead), 5 how many at most.
-- Returns epoch, number, link, positions, the events from that number on (none when there are too many), and of patterns
-- the number from which on all are there, then each with its number; last the lineage.
local chain = read() or restart()
local events = {}
local from, most = tonumber(ARGV[4]), tonumber(ARGV[5])
if from and chain.number - from < most then
  for _, entry in ipairs(redis.call('XRANGE', KEYS[2], text(from) .. '-0', '+')) do
    events[#events + 1] = entry[2][2]
  end
end
local patterns = {}
if ARGV[4] == 'patterns' then
  local floor = chain.patterns or 0
  if chain.patterns and not whole(chain, KEYS[5], floor) then
    floor = chain.number
  elseif chain.patterns then
    local flat = redis.call('HGETALL', KEYS[5])
    for at = 1, #flat, 2 do
      if flat[at] ~= 'mark' then
        patterns[#patterns + 1] = string.sub(flat[at], 2)
        patterns[#patterns + 1] = flat[at + 1]
      end
    end
  end
  table.insert(patterns, 1, bytes(floor, 8))
end
return { chain.epoch, bytes(chain.number, 8), chain.link, positions(), events, patterns,
  string.char(chain.live) .. chain.ended }
