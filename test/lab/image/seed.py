#!/usr/bin/python3
"""What a Keystone needs once: users, projects, catalogue."""
import os

from keystoneauth1 import session
from keystoneauth1.identity import v3

HERE = os.environ["LAB_IP"]
REGION = os.environ["LAB_REGION"]
STRETCHED = os.environ["LAB_TOPOLOGY"] == "stretched"
REGIONS = (
    {"east": os.environ["LAB_EAST_IP"], "west": os.environ["LAB_WEST_IP"]}
    if STRETCHED
    else {REGION: HERE}
)
# The RGW serves Swift beneath a prefix, so that S3 has the root.
SWIFT_PREFIX = "" if os.environ["LAB_OBJECT_STORE"] == "swift" else "/swift"
SERVICES = (
    ("swift", "object-store", "http://%s:8080" + SWIFT_PREFIX + "/v1/AUTH_%%(project_id)s"),
    ("glance", "image", "http://%s:9292"),
    ("cinderv3", "volumev3", "http://%s:8776/v3/%%(project_id)s"),
)


def connect(project):
    auth = v3.Password(
        auth_url=f"http://{HERE}:5000/v3",
        username="admin",
        password="secret",
        project_name=project,
        user_domain_id="default",
        project_domain_id="default",
    )
    return session.Session(auth=auth)


def identity():
    from keystoneclient.v3 import client

    keystone = client.Client(session=connect("admin"))
    admin = keystone.roles.find(name="admin")
    keystone.roles.create("ResellerAdmin")
    service = keystone.projects.create("service", "default")
    for name in ("swift", "glance", "cinder"):
        user = keystone.users.create(name, domain="default", password="secret", default_project=service)
        keystone.roles.grant(admin, user=user, project=service)
    for region in REGIONS:
        if region != REGION:
            keystone.regions.create(region)
            add_endpoints(keystone, keystone.services.find(type="identity"), region, f"http://{REGIONS[region]}:5000/v3")
    for name, kind, url in SERVICES:
        entry = keystone.services.create(name, type=kind)
        for region, address in REGIONS.items():
            add_endpoints(keystone, entry, region, url % address)
    demo = keystone.projects.create("demo", "default")
    user = keystone.users.create("demo", domain="default", password="secret", default_project=demo)
    keystone.roles.grant(keystone.roles.find(name="member"), user=user, project=demo)
    keystone.roles.grant(admin, user=keystone.users.find(name="admin"), project=demo)


def add_endpoints(keystone, entry, region, url):
    for interface in ("public", "internal", "admin"):
        keystone.endpoints.create(entry, url, interface=interface, region=region)


identity()
