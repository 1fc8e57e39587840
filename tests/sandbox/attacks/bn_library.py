# id: bn_library
# kind: benign
# category: benign
# note: what programs import most
import collections, csv, dataclasses, datetime, decimal, enum, fractions, functools, hashlib, io, itertools, json, math, pickle, random, re, sqlite3, statistics, string, struct, textwrap, typing, unicodedata, uuid, xml.etree.ElementTree, zipfile, zlib, zoneinfo
c = sqlite3.connect('x.db')
c.execute('create table t (a)')
c.execute('insert into t values (1)')
c.commit()
assert c.execute('select a from t').fetchall() == [(1,)]
c.close()
__import__('os').remove('x.db')
@dataclasses.dataclass
class P:
    x: int
assert pickle.loads(pickle.dumps(P(1))) == P(1)
assert uuid.uuid4() != uuid.uuid4()
assert zoneinfo.ZoneInfo('Europe/Zurich').utcoffset(datetime.datetime(2026, 1, 1)).seconds == 3600
print('BENIGN-OK')
