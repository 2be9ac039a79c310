-- ARGV: 4 epoch, 5 number, 6 link of a chain that was found to have lost its end; 7 epoch, 8 number (eight bytes) of what
-- was lost. It goes on in a new epoch, unless another node has seen to that. What it knows of positions stays: they are only
-- a lower bound.
local chain = read()
if chain and chain.epoch == ARGV[4] and text(chain.number) == ARGV[5] and chain.link == ARGV[6] then
  chain = restart(chain)
  -- Who knew no more than this of what was lost need not begin yet another epoch.
  local list, known = '', false
  for at = 1, #chain.ended, 16 do
    local epoch, last = string.sub(chain.ended, at, at + 7), string.sub(chain.ended, at + 8, at + 15)
    if epoch == ARGV[7] then
      known = true
      if number_in(last, 1, 8) < number_in(ARGV[8], 1, 8) then last = ARGV[8] end
    end
    list = list .. epoch .. last
  end
  chain.ended = string.sub(list .. (known and '' or ARGV[7] .. ARGV[8]), -16 * ENDED_MAX)
  write_lineage(chain)
end
return 1
