# id: nw_netlink
# kind: attack
# category: network
# note: a socket to the kernel itself
import socket
socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
print(WIN_TOKEN)
