"""Cables of a rate and a delay between network namespaces, for a kernel that has no netem.

    cable.py NAMESPACES RATE_BITS_A_SECOND DELAY_SECONDS

Gives each of the namespaces, named with commas between, a device "cable" (a tun: packets that a program reads and writes)
with the address 10.77.0.1, .2, ... and carries packets until it is ended. It prints a line when it is ready. A packet is
under way for the time that its bits take at the sender's rate, after those before it, and then for the delay.
"""
import collections
import ctypes
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET, PR_SET_TIMERSLACK = 0x400454CA, 0x0001, 0x1000, 0x40000000, 29
LIBC = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    with open(namespace) as file:
        if LIBC.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


def open_cable(name, address, mtu):
    """The device in the namespace, as a file of packets."""
    enter(f"/var/run/netns/{name}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"cable", IFF_TUN | IFF_NO_PI))
    for words in (["addr", "add", f"{address}/24", "dev", "cable"],
                  ["link", "set", "cable", "mtu", str(mtu), "txqueuelen", "10000", "up"], ["link", "set", "lo", "up"]):
        subprocess.run(["ip", *words], check=True)
    return device


def carry(devices, rate, delay):
    """For ever. What a device sends waits in its own line, in which no packet overtakes another."""
    lines = {device: collections.deque() for device in devices}
    free = dict.fromkeys(devices, 0.0)
    while True:
        now = time.monotonic()
        soonest = min((line[0][0] for line in lines.values() if line), default=now + 1)
        for device in select.select(devices, [], [], max(0.0, soonest - now))[0]:
            for _ in range(16):
                try:
                    packet = os.read(device, 65536)
                except BlockingIOError:
                    break
                free[device] = max(time.monotonic(), free[device]) + 8 * len(packet) / rate
                # Of IPv4's header, byte 19 is the last of the address it goes to. Others (IPv6's greetings) are dropped.
                if packet[0] >> 4 == 4 and 0 < packet[19] <= len(devices):
                    lines[device].append((free[device] + delay, devices[packet[19] - 1], packet))
        now = time.monotonic()
        for line in lines.values():
            while line and line[0][0] <= now:
                _, to, packet = line.popleft()
                try:
                    os.write(to, packet)
                except BlockingIOError:
                    pass  # a full device loses packets, as a switch does


def main():
    names, rate, delay = sys.argv[1].split(","), float(sys.argv[2]), float(sys.argv[3])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    LIBC.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
    # Ranks that wait keep their cores busy; a network goes on all the same.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    # Ethernet's large frames at 1 Gbit/s; above it what a card's driver joins to one piece.
    mtu = 9000 if rate <= 1e9 else 65000
    devices = [open_cable(name, f"10.77.0.{number + 1}", mtu) for number, name in enumerate(names)]
    print("ready", flush=True)
    carry(devices, rate, delay)


if __name__ == "__main__":
    main()
