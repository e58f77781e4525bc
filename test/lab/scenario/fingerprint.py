"""Reads every byte and property of a dataset through python clients and the volumes' files.

argv: prefix, JSON list of container suffixes. Gives nested dictionaries that are equal for equal
content and properties; what a region chooses itself (ids of volumes, owners, times) is left out.
"""
import hashlib
from concurrent.futures import ThreadPoolExecutor

prefix = sys.argv[1]
c, g = cinder(), glance()
IGNORED_IMAGE = {"id", "name", "created_at", "updated_at", "owner", "file", "schema", "stores", "locations",
                 "direct_url", "self", "status", "os_hash_value", "checksum", "owner_specified.openstack.object"}
OBJECT_HEADERS = {"content-type", "content-encoding", "content-disposition", "x-delete-at", "x-static-large-object",
                  "x-object-manifest", "content-length"}


def sha_of(chunks):
    h = hashlib.sha256()
    for chunk in chunks:
        h.update(chunk)
    return h.hexdigest()


def file_chunks(path):
    with open(path, "rb") as f:
        while chunk := f.read(1 << 20):
            yield chunk


def volumes():
    found = {}
    for v in c.volumes.list():
        if v.name.startswith(f"{prefix}-"):
            if v.name in found:
                raise RuntimeError(f"two volumes are called {v.name}")
            found[v.name] = {
                "size": v.size, "type": v.volume_type, "description": v.description or "", "metadata": v.metadata,
                "bootable": v.bootable, "status": v.status, "sha256": sha_of(file_chunks(f"/srv/vols/volume-{v.id}")),
            }
    return found


def images():
    found = {}
    for i in g.images.list():
        if i["name"] and i["name"].startswith(f"{prefix}-"):
            kept = {k: v for k, v in dict(i).items() if k not in IGNORED_IMAGE}
            kept["tags"] = sorted(i["tags"])
            kept["sha256"] = sha_of(g.images.data(i["id"]))
            found[i["name"]] = {"id": i["id"], "status": i["status"], **kept}
    return found


def one_object(args):
    name, row = args
    s = swift()
    headers, body = s.get_object(name, row["name"])
    kept = {k: v for k, v in headers.items() if k in OBJECT_HEADERS or k.startswith("x-object-meta-")}
    if "symlink_path" in row:
        # In a container with versioning every row is a link to its version: an expiry lies on the link,
        # a user's symlink is the version.
        link = s.head_object(name, row["name"], query_string="symlink=get")
        _, _, version = row["symlink_path"].partition("?version-id=")
        if "x-delete-at" in link:
            kept["x-delete-at"] = link["x-delete-at"]
        if version:
            link = s.head_object(name, row["name"], query_string=f"version-id={version}&symlink=get")
        if "x-symlink-target" in link:
            kept["x-symlink-target"] = link["x-symlink-target"]
    if "x-static-large-object" in headers:
        _, manifest = s.get_object(name, row["name"], query_string="multipart-manifest=get")
        kept["segments"] = [[p["name"], p["hash"], p["bytes"]] for p in json.loads(manifest)]
    return row["name"], {**kept, "sha256": hashlib.sha256(body).hexdigest()}


def container(name):
    headers, rows = swift().get_container(name, full_listing=True)
    kept = {k: v for k, v in headers.items()
            if k.startswith("x-container-meta-") and "farshore" not in k or k in ("x-container-read", "x-container-write")}
    with ThreadPoolExecutor(4) as pool:
        return {"headers": kept, "objects": dict(pool.map(one_object, [(name, row) for row in rows]))}


suffixes = json.loads(sys.argv[2])
result({"volumes": volumes(), "images": images(), "containers": {n: container(f"{prefix}-{n}") for n in suffixes}})
