"""System-call numbers of the two machines that are supported, in the groups that the filter treats alike."""

from __future__ import annotations

__all__ = ["CHECKED", "DENIED", "FATAL", "OWN_FILES", "PLAIN", "SETUP", "Numbers"]

Numbers = dict[str, tuple[int, int]]
"""Name to (x86_64, aarch64); -1 where a machine does not have the call."""

PLAIN: Numbers = {
    "read": (0, 63), "write": (1, 64), "futex": (202, 98), "close": (3, 57), "fstat": (5, 80),
    "newfstatat": (262, 79), "lseek": (8, 62), "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215),
    "brk": (12, 214), "mremap": (25, 216), "madvise": (28, 233), "openat": (257, 56), "stat": (4, -1),
    "lstat": (6, -1), "open": (2, -1), "statx": (332, 291), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136), "rt_sigsuspend": (130, 133),
    "rt_sigtimedwait": (128, 137), "sigaltstack": (131, 132), "pread64": (17, 67), "pwrite64": (18, 68),
    "readv": (19, 65), "writev": (20, 66), "preadv": (295, 69), "pwritev": (296, 70), "access": (21, -1),
    "faccessat": (269, 48), "faccessat2": (439, 439), "pipe": (22, -1), "pipe2": (293, 59), "select": (23, -1),
    "pselect6": (270, 72), "poll": (7, -1), "ppoll": (271, 73), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_wait": (232, -1), "epoll_pwait": (281, 22), "eventfd2": (290, 19), "sched_yield": (24, 124),
    "dup": (32, 23), "dup2": (33, -1), "dup3": (292, 24), "nanosleep": (35, 101), "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "gettimeofday": (96, 169), "time": (201, -1),
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getgroups": (115, 158), "getresuid": (118, 148),
    "getresgid": (120, 150), "getpgrp": (111, -1), "getpgid": (121, 155), "getsid": (124, 156), "sendfile": (40, 71),
    "copy_file_range": (326, 285), "uname": (63, 160), "flock": (73, 32), "fsync": (74, 82), "fdatasync": (75, 83),
    "msync": (26, 227), "truncate": (76, 45), "ftruncate": (77, 46), "fallocate": (285, 47), "fadvise64": (221, 223),
    "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "rename": (82, -1), "renameat": (264, 38),
    "renameat2": (316, 276), "mkdir": (83, -1), "mkdirat": (258, 34), "rmdir": (84, -1), "unlink": (87, -1),
    "unlinkat": (263, 35), "readlink": (89, -1), "readlinkat": (267, 78), "umask": (95, 166), "getrlimit": (97, 163),
    "getrusage": (98, 165), "sysinfo": (99, 179), "times": (100, 153), "arch_prctl": (158, -1),
    "sched_getaffinity": (204, 123), "getdents64": (217, 61), "set_tid_address": (218, 96),
    "restart_syscall": (219, 128), "exit": (60, 93), "exit_group": (231, 94), "set_robust_list": (273, 99),
    "rseq": (334, 293), "getrandom": (318, 278), "membarrier": (324, 283), "close_range": (436, 436),
    "wait4": (61, 260), "tgkill": (234, 131), "recvfrom": (45, 207), "shutdown": (48, 210), "getsockname": (51, 204),
    "getpeername": (52, 205), "getsockopt": (55, 209), "setitimer": (38, 103), "getitimer": (36, 102),
    "alarm": (37, -1), "pause": (34, -1),
}
"""What Python with threads and asyncio needs, and numpy; harmless whatever the arguments. Hot ones first."""

CHECKED: Numbers = {
    "ioctl": (16, 29), "clone": (56, 220), "clone3": (435, 435), "prctl": (157, 167), "prlimit64": (302, 261),
    "socketpair": (53, 199), "sendto": (44, 206), "fcntl": (72, 25), "kill": (62, 129),
}
"""Allowed for some arguments only; `_filter.py` says which."""

OWN_FILES: Numbers = {
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "utimensat": (280, 88), "utime": (132, -1),
    "utimes": (235, -1), "statfs": (137, 43), "fstatfs": (138, 44),
}
"""Landlock does not see these: allowed only where no file of the host's is mounted that could be changed."""

DENIED: Numbers = {
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, -1), "vfork": (58, -1), "socket": (41, 198),
    "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "personality": (135, 92), "symlink": (88, -1),
    "symlinkat": (266, 36), "link": (86, -1), "linkat": (265, 37), "mknod": (133, -1), "mknodat": (259, 33),
    "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54), "setuid": (105, 146),
    "setgid": (106, 144), "setgroups": (116, 159), "setresuid": (117, 147), "setresgid": (119, 149),
    "setpgid": (109, 154), "setsid": (112, 157), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424),
    "tkill": (200, 130), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setsockopt": (54, 208),
}
"""Refused with EPERM, so that a program that asks can go on or say why."""

FATAL: Numbers = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "bpf": (321, 280),
    "userfaultfd": (323, 282), "perf_event_open": (298, 241), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "pidfd_getfd": (438, 438), "kcmp": (312, 272), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60), "syslog": (103, 116),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, -1), "ioperm": (173, -1),
}
"""No tool ever needs these: who asks is killed."""

SETUP: Numbers = {
    "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446),
    "seccomp": (317, 277), "openat2": (437, 437),
}
"""What the trusted side itself needs; refused (ENOSYS) once the filter stands."""
