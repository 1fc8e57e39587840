# id: py_hints
# kind: attack
# category: dunder-walk
# note: an annotation that is evaluated
import typing
def f(x: "__import__('os').popen('echo hi').read()"):
    pass
try:
    typing.get_type_hints(f)
except Exception:
    pass
g = f.__annotations__['x']
if 'hi' in eval(g):
    print(WIN_TOKEN)
