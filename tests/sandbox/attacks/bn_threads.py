# id: bn_threads
# kind: benign
# category: benign
# note: threads and a pool of them
import concurrent.futures, threading
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    assert sum(pool.map(abs, range(-100, 0))) == 5050
lock = threading.Lock()
t = [threading.Thread(target=lambda: lock.acquire() and lock.release()) for _ in range(8)]
[x.start() for x in t]
[x.join() for x in t]
print('BENIGN-OK')
