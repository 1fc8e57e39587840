# id: nw_datagram
# kind: attack
# category: network
# win: network
# note: a datagram socket with a name in the file system
import socket
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', DGRAM_PATH)
