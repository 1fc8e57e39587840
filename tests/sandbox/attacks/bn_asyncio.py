# id: bn_asyncio
# kind: benign
# category: benign
# note: an event loop with tasks, a queue and a thread
import asyncio, time
async def main():
    q = asyncio.Queue()
    await asyncio.gather(*(q.put(i) for i in range(5)))
    await asyncio.to_thread(time.sleep, 0.01)
    await asyncio.wait_for(asyncio.sleep(0.01), 1)
    assert q.qsize() == 5
asyncio.run(main())
print('BENIGN-OK')
