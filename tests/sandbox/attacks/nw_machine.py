# id: nw_machine
# kind: attack
# category: network
# bare: no - depends on the machine
# note: a socket to the host of a virtual machine
import socket
socket.socket(40, socket.SOCK_STREAM)
print(WIN_TOKEN)
