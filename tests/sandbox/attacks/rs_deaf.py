# id: rs_deaf
# kind: attack
# category: cpu-time
# win: hang
# note: ignore every signal that can be ignored, and go on
import signal
for n in range(1, 65):
    try:
        signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
