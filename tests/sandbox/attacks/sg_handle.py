# id: sg_handle
# kind: attack
# category: signals
# win: victim-killed
# note: kill it by a handle
import os, signal
signal.pidfd_send_signal(os.pidfd_open(VICTIM_PID), 9)
