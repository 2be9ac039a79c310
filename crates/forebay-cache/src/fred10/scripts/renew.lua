-- ARGV: 4 epoch, 5 number, 6 link of a chain that was found to have lost its end. It goes on in a new epoch, unless
-- another node has seen to that. What it knows of positions stays: they are only a lower bound.
local chain = read()
if chain and chain.epoch == ARGV[4] and text(chain.number) == ARGV[5] and chain.link == ARGV[6] then
  restart(chain.number)
end
return 1
