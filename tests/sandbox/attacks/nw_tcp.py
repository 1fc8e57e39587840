# id: nw_tcp
# kind: attack
# category: network
# win: network
# note: TCP to a port of the host
import socket
socket.create_connection(('127.0.0.1', LOOP_PORT), 3).close()
