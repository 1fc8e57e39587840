# id: rs_unpack
# kind: attack
# category: memory
# note: a small archive that becomes a large text
import zlib
c = zlib.compressobj()
packed = b''.join(c.compress(bytes(1 << 20)) for _ in range(MEM_MB)) + c.flush()
if len(zlib.decompress(packed)) == MEM_MB << 20:
    print(WIN_TOKEN)
