# id: bn_signals
# kind: benign
# category: benign
# note: an alarm, and a signal to oneself
import os, signal, time
seen = []
signal.signal(signal.SIGALRM, lambda *a: seen.append('alarm'))
signal.signal(signal.SIGUSR1, lambda *a: seen.append('own'))
signal.setitimer(signal.ITIMER_REAL, 0.02)
os.kill(os.getpid(), signal.SIGUSR1)
time.sleep(0.1)
assert sorted(seen) == ['alarm', 'own'], seen
print('BENIGN-OK')
