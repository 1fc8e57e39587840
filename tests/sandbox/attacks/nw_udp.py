# id: nw_udp
# kind: attack
# category: network
# win: network
# note: a datagram to a port of the host
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', DNS_PORT))
