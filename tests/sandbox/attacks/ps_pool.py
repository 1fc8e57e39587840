# id: ps_pool
# kind: attack
# category: process-spawn
# note: a pool of processes
import multiprocessing as m
if __name__ == '__main__':
    with m.get_context('fork').Pool(1) as pool:
        if pool.map(abs, [-1]) == [1]:
            print(WIN_TOKEN)
