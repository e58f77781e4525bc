#!/usr/bin/python3
"""A syslog for Swift, which logs nowhere else: requests (facility local1) apart from the rest."""
import os
import re
import socket

ACCESS, REST = "/var/log/swift/access.log", "/var/log/swift/swift.log"
LOCAL1 = 17

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
if os.path.exists("/dev/log"):
    os.unlink("/dev/log")
listener.bind("/dev/log")
os.chmod("/dev/log", 0o666)
with open(ACCESS, "ab", buffering=0) as access, open(REST, "ab", buffering=0) as rest:
    while True:
        message = listener.recv(65536)
        head = re.match(rb"<(\d+)>", message)
        text = message[head.end():] if head else message
        facility = int(head.group(1)) >> 3 if head else 0
        (access if facility == LOCAL1 else rest).write(text.rstrip(b"\0\n") + b"\n")
