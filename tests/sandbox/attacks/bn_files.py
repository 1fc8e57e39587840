# id: bn_files
# kind: benign
# category: benign
# note: write, list and read back
import os, shutil, tempfile
with open('a.txt', 'w', encoding='utf-8') as f:
    f.write('grüße\n')
shutil.copy('a.txt', 'b.txt')
os.makedirs('d/e')
os.rename('b.txt', 'd/e/c.txt')
assert open('d/e/c.txt', encoding='utf-8').read() == 'grüße\n' and sorted(n for n in os.listdir('.') if n != 'program.py') == ['a.txt', 'd']
shutil.rmtree('d')
os.remove('a.txt')
with tempfile.TemporaryDirectory() as t:
    open(t + '/x', 'w').close()
print('BENIGN-OK')
