# id: rs_wait_thread
# kind: attack
# category: wall-time
# win: hang
# note: end, and leave a thread that does not
import threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
