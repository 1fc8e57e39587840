# id: rs_threads
# kind: attack
# category: processes
# note: more threads than are allowed
import threading
over = threading.Event()
threading.stack_size(65536)
made = 0
try:
    for _ in range(PROC_MAX):
        threading.Thread(target=over.wait, daemon=True).start()
        made += 1
finally:
    over.set()
if made == PROC_MAX:
    print(WIN_TOKEN)
