# id: fr_accounts
# kind: attack
# category: host-file-read
# note: the accounts of the host
import hashlib
if hashlib.sha256(open('/etc/passwd', 'rb').read()).hexdigest() == PASSWD_SHA:
    print(WIN_TOKEN)
