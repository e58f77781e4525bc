"""Damages an object on this region's Swift disks, under Swift: object.py HOW ACCOUNT CONTAINER OBJECT.

Prints how many files it touched. Account, container and object as in the object's path.
"""
import glob, os, sys  # noqa: E401

from swift.common.ring import Ring
from swift.common.utils import hash_path, set_swift_dir

set_swift_dir("/etc/swift")
how, account, container, name = sys.argv[1:]
hashed = hash_path(account, container, name)
partition = Ring("/etc/swift", ring_name="object").get_part(account, container, name)
touched = 0
# Every device, handoffs too: copies that have not reached their home yet would heal the others.
for path in glob.glob(f"/srv/node/*/objects/{partition}/{hashed[-3:]}/{hashed}/*.data"):
    size = os.path.getsize(path)
    if how == "delete":
        os.unlink(path)
    elif how == "truncate":
        os.truncate(path, size // 2)
    elif how == "alter":
        with open(path, "r+b") as file:
            file.seek(size // 2)
            byte = file.read(1)
            file.seek(size // 2)
            file.write(bytes([byte[0] ^ 0xFF]))
    else:
        raise SystemExit(f"unknown damage {how}")
    touched += 1
print(touched)
