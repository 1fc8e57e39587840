# id: nw_web
# kind: attack
# category: network
# win: network
# note: a request for a page
import urllib.request
try:
    urllib.request.urlopen('http://127.0.0.1:%d/' % LOOP_PORT, timeout=3)
except Exception as e:
    print(e)
