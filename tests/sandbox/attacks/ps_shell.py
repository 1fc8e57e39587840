# id: ps_shell
# kind: attack
# category: process-spawn
# note: a shell
import subprocess
if 'hi' in subprocess.run('echo hi', shell=True, capture_output=True, text=True).stdout:
    print(WIN_TOKEN)
