# id: ps_memory_file
# kind: attack
# category: process-spawn
# note: a program that lies in memory only
import os
fd = os.memfd_create('x', 0)
os.write(fd, b'#!/bin/sh\necho ' + WIN_TOKEN.encode() + b'\n')
os.execve('/proc/self/fd/%d' % fd, ['x'], {})
