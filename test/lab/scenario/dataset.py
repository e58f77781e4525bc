"""Makes a shop's volumes, images and containers with the ordinary clients.

argv: prefix, number of small objects. The bytes of volumes are written afterwards. Everything is
decided by the prefix, so two runs make the same.
"""
import hashlib, io, random, subprocess, tempfile

prefix, count = sys.argv[1], int(sys.argv[2])
rng = random.Random(prefix)
c, g, s = cinder(), glance(), swift()


def volumes():
    wanted = {
        "data": dict(description="orders, 300 MiB of them", metadata={"tier": "gold", "owner": "shop team"}),
        "ledger": dict(description="", metadata={"chain": "4"}),
        "empty": dict(description="never written", metadata={}),
    }
    made = {n: c.volumes.create(1, name=f"{prefix}-{n}", **more) for n, more in wanted.items()}
    for v in made.values():
        wait(lambda: c.volumes.get(v.id))
    c.volumes.set_bootable(made["ledger"], True)
    return {n: v.id for n, v in made.items()}


def image(name, data, disk_format, **more):
    i = g.images.create(name=f"{prefix}-{name}", disk_format=disk_format, container_format="bare", **more)
    g.images.upload(i.id, io.BytesIO(data))
    return i.id


def qcow2():
    with tempfile.TemporaryDirectory() as d:
        with open(f"{d}/raw", "wb") as f:
            f.write(rng.randbytes(3 << 20))
            f.truncate(64 << 20)
        subprocess.run(["qemu-img", "convert", "-O", "qcow2", f"{d}/raw", f"{d}/q"], check=True)
        with open(f"{d}/q", "rb") as f:
            return f.read()


def images():
    chosen = hashlib.md5(prefix.encode()).hexdigest()
    chosen = f"{chosen[:8]}-{chosen[8:12]}-4{chosen[13:16]}-8{chosen[17:20]}-{chosen[20:]}"
    return {
        "raw": image("raw", rng.randbytes(8 << 20), "raw", visibility="private", min_disk=1, min_ram=64),
        "qcow2": image("qcow2", qcow2(), "qcow2", visibility="public", tags=["base", "blessed"],
                       hw_disk_bus="virtio", os_distro="debian", note="with = signs, and commas"),
        "chosen": image("chosen", rng.randbytes(2 << 20), "raw", visibility="shared", id=chosen),
    }


# No name near Swift's limit of 1,024 bytes: a version's metadata would not fit into ext4's attributes,
# which Swift takes for a full disk.
ODD = [
    "with space.txt", "per%20cent%2F.txt", "question?.txt", "hash#tag", "amp&plus+semi;colon.txt",
    "quote\"'back\\slash", "angle<>.txt", "líneas/ñandú/日本語.txt", "emoji-\U0001f30a.txt", "\uff5e-after-bmp.txt",
    "dir/", "dir/inner", "a//b", "./dot", "trailing-space ", "tab\tname", "new\nline", "x" * 400,
]


def docs():
    name = f"{prefix}-docs"
    s.put_container(name, {"X-Container-Meta-Team": "shop", "X-Container-Read": ".r:*,.rlistings"})
    for i in range(count):
        headers = {"Content-Type": "text/plain" if i % 2 else "application/json"}
        if i % 50 == 0:
            headers.update({"X-Object-Meta-Order": str(i), "Content-Encoding": "identity",
                            "Content-Disposition": f'attachment; filename="{i}.txt"'})
        s.put_object(name, f"orders/{i % 20:02d}/{i:05d}.txt", rng.randbytes(rng.randrange(0, 4096)), headers=headers)
    for i, odd in enumerate(ODD):
        kind = "application/directory" if odd.endswith("/") else "application/octet-stream"
        s.put_object(name, odd, b"" if odd.endswith("/") else f"odd {i}".encode(), content_type=kind,
                     headers={"X-Object-Meta-Odd": "grüße €"})
    s.put_object(name, "zero", b"")
    s.put_object(name, "expires", b"later", headers={"X-Delete-At": str(int(time.time()) + 30 * 86400)})
    s.put_object(name, "link", b"", headers={"X-Symlink-Target": f"{name}/orders/01/00001.txt", "Content-Type": "application/symlink"})


def media():
    name = f"{prefix}-media"
    s.put_container(name)
    with tempfile.TemporaryDirectory() as d:
        with open(f"{d}/film.bin", "wb") as f:
            f.write(rng.randbytes(5 * (1 << 20) + 123))
        subprocess.run(["swift", "--auth-version", "3", "upload", "-S", str(1 << 20), "--use-slo",
                        "-H", "X-Object-Meta-Director: Müller", "--object-name", "film.bin", name, f"{d}/film.bin"],
                       check=True, stdout=subprocess.DEVNULL)
    s.put_container(f"{prefix}-parts")
    for i in range(4):
        s.put_object(f"{prefix}-parts", f"song/{i:04d}", rng.randbytes(300_000))
    s.put_object(name, "song.bin", b"", headers={"X-Object-Manifest": f"{prefix}-parts/song/", "X-Object-Meta-Band": "Farshore"})


docs()
media()
result({"volumes": volumes(), "images": images()})
