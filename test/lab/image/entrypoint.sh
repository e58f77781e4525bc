#!/bin/bash
# First process of a region's container, at the first start and after every kill.
set -euo pipefail
# What a killed container leaves behind and would mistake for running processes.
rm -rf /run/lab /run/mysqld /run/supervisor* /run/rsyncd.pid /dev/log /var/lib/rabbitmq/*.pid
mkdir -p /run/lab /run/mysqld /run/swift /var/log/lab /var/log/swift /var/cache/swift /srv/share
chown mysql /run/mysqld
/opt/lab/render.sh
mkdir -p /srv/node/d1 /srv/node/d2 /srv/vols /var/lib/cinder/mnt /var/lib/cinder/tmp
chown swift:swift /srv/node /srv/node/* /var/cache/swift /run/swift
chown cinder:cinder /srv/vols /var/lib/cinder /var/lib/cinder/*
# Cinder's NFS driver finds its share mounted already, so no NFS server or kernel module is needed.
share="$LAB_IP:/srv/vols"
echo "$share" > /etc/cinder/nfs_shares
mount_point=/var/lib/cinder/mnt/$(echo -n "$share" | md5sum | cut -d' ' -f1)
mkdir -p "$mount_point"
mount --bind /srv/vols "$mount_point"
exec supervisord -n -c /opt/lab/supervisord.conf
