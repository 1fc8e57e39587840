# id: sg_limit
# kind: attack
# category: signals
# note: give it another limit
import resource
resource.prlimit(VICTIM_PID, resource.RLIMIT_CORE, (0, 0))
print(WIN_TOKEN)
