# id: rs_spin_threads
# kind: attack
# category: cpu-time
# win: hang
# note: endless loops in threads
import threading
def spin():
    while True:
        pass
for _ in range(4):
    threading.Thread(target=spin).start()
