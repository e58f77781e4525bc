"""The bytes of a volume: volume.py path|sha256|write|random|punch VOLUME [NUMBERS...].

The file volume-<id> holds them until a snapshot is made; from then on it is the frozen base, and
the live bytes are in the overlay that volume-<id>.info calls active (qcow2, backed by the base).
"""
import ctypes, hashlib, json, os, random, subprocess, sys, tempfile  # noqa: E401

ROOT = "/srv/vols"
MIB = 1 << 20
KEEP_SIZE_AND_PUNCH = 3


def active(volume):
    name = f"volume-{volume}"
    info = f"{ROOT}/{name}.info"
    if os.path.exists(info):
        name = json.load(open(info)).get("active", name)
    return f"{ROOT}/{name}"


def image_format(path):
    # By name, never by the first bytes: a backup of an overlay restores a raw volume that holds a
    # qcow2 file, and that must not pass for the volume it was taken from.
    return "qcow2" if os.path.basename(path).count(".") else "raw"


def qemu_io(path, command):
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", command, path], check=True, capture_output=True)


def write(path, offset, pieces):
    if image_format(path) == "raw":
        with open(path, "r+b") as file:
            file.seek(offset)
            for piece in pieces:
                file.write(piece)
            os.fsync(file.fileno())
        return
    with tempfile.NamedTemporaryFile() as source:
        length = sum(source.write(piece) for piece in pieces)
        source.flush()
        qemu_io(path, f"write -s {source.name} {offset} {length}")


def punch(path, offset, length):
    if image_format(path) != "raw":
        qemu_io(path, f"discard {offset} {length}")
        return
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, "r+b") as file:
        if libc.fallocate(file.fileno(), KEEP_SIZE_AND_PUNCH, ctypes.c_long(offset), ctypes.c_long(length)):
            raise OSError(ctypes.get_errno(), "fallocate")
        os.fsync(file.fileno())


def sha256(path):
    with tempfile.NamedTemporaryFile(dir=ROOT) as flat:
        if image_format(path) != "raw":
            subprocess.run(["qemu-img", "convert", "-O", "raw", path, flat.name], check=True)
            path = flat.name
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def main(command, volume, *numbers):
    path = active(volume)
    numbers = [int(number) for number in numbers]
    if command == "path":
        print(json.dumps({"path": path, "format": image_format(path)}))
    elif command == "sha256":
        print(sha256(path))
    elif command == "write":
        write(path, numbers[0], iter(lambda: sys.stdin.buffer.read(MIB), b""))
    elif command == "random":
        offset, count, seed = numbers
        chance = random.Random(seed)
        write(path, offset, (chance.randbytes(MIB) for _ in range(count)))
    elif command == "punch":
        punch(path, *numbers)
    else:
        raise SystemExit(f"unknown command {command}")


main(*sys.argv[1:])
