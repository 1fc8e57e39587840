# id: fw_home
# kind: attack
# category: host-file-write
# win: host-files
# note: a start-up file in the home folder
open(FAKE_HOME + '/.profile', 'w').write('x')
