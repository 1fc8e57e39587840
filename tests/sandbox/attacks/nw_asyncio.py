# id: nw_asyncio
# kind: attack
# category: network
# win: network
# note: a connection made by asyncio
import asyncio
async def main():
    await asyncio.open_connection('127.0.0.1', LOOP_PORT)
asyncio.run(main())
