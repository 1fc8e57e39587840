# id: bn_memory
# kind: benign
# category: benign
# note: 200 MB of memory and a second of work
import time
x = [bytearray(b'x') * (10 << 20) for _ in range(20)]
end = time.process_time() + 1
while time.process_time() < end:
    pass
print('BENIGN-OK')
