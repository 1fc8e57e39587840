# id: nw_abstract
# kind: attack
# category: network
# win: network
# note: a socket with an abstract name
import socket
socket.socket(socket.AF_UNIX).connect('\0' + ABSTRACT_NAME)
