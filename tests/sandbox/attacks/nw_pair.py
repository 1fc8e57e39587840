# id: nw_pair
# kind: attack
# category: network
# win: network
# note: one end of a pair of datagram sockets, sent to an address
import socket
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
a.sendto(b'x', DGRAM_PATH)
