"""Put before every script that Region.python runs: ready clients, each made at its first use."""
import functools, json, os, sys, time  # noqa: E401,F401

from keystoneauth1 import session as _session
from keystoneauth1.identity import v3 as _v3


@functools.lru_cache(None)
def session(project=None, user="admin"):
    return _session.Session(
        auth=_v3.Password(
            auth_url=os.environ["OS_AUTH_URL"],
            username=user,
            password="secret",
            project_name=project or os.environ["OS_PROJECT_NAME"],
            user_domain_id="default",
            project_domain_id="default",
        )
    )


def cinder(project=None):
    from cinderclient import client

    return client.Client("3.70", session=session(project), region_name=os.environ["OS_REGION_NAME"])


def glance(project=None):
    from glanceclient import Client

    return Client("2", session=session(project), region_name=os.environ["OS_REGION_NAME"])


def swift(project=None):
    from swiftclient import Connection

    return Connection(session=session(project), os_options={"region_name": os.environ["OS_REGION_NAME"]})


def wait(get, wanted="available", seconds=180):
    """Polls until get().status is the one that is wanted; raises on an error status."""
    deadline = time.time() + seconds
    while True:
        thing = get()
        if thing.status == wanted:
            return thing
        if thing.status.startswith("error") or time.time() > deadline:
            raise RuntimeError(f"status {thing.status}, wanted {wanted}: {getattr(thing, 'fail_reason', '')}")
        time.sleep(0.3)


def result(value):
    """What Region.python gives back."""
    print(json.dumps(value))

