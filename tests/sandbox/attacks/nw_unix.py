# id: nw_unix
# kind: attack
# category: network
# win: network
# note: a socket with a name in the file system
import socket
socket.socket(socket.AF_UNIX).connect(UNIX_PATH)
