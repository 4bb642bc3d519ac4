# SPDX-License-Identifier: Apache-2.0
"""A name server for tests: answers every question for an address (A) with 127.0.0.1, others with no records.

usage: dns.py ADDRESS    prints "ready" when it listens on port 53 of ADDRESS
"""
import socket
import struct
import sys


def answer(query):
    end = query.index(b"\0", 12) + 5  # name, type, class
    question = query[12:end]
    kind = struct.unpack("!H", question[-4:-2])[0]
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 1])
    found = kind == 1
    head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, int(found), 0, 0)
    return head + question + (record if found else b"")


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    print("ready", flush=True)
    while True:
        query, client = server.recvfrom(4096)
        server.sendto(answer(query), client)


main()
