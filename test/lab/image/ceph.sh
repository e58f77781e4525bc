#!/bin/bash
# Ceph as small as it goes, for the RGW alone: one monitor, one OSD on a sparse file, no manager (it only
# reports). Made at the region's first start; each step is behind a mark, so a killed start goes on there.
set -euo pipefail
start() { supervisorctl -c /opt/lab/supervisord.conf start "$@"; }
once() { # once NAME COMMAND...
  local mark=/srv/ceph/$1
  shift
  [ -e "$mark" ] || { "$@" && touch "$mark"; }
}
make_monitor() {
  rm -rf /var/lib/ceph/mon/ceph-a
  monmaptool --create --clobber --fsid "$(cat /srv/ceph/fsid)" --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' /srv/ceph/monmap
  install -d -o ceph -g ceph /var/lib/ceph/mon/ceph-a
  ceph-mon --mkfs -i a --monmap /srv/ceph/monmap --setuser ceph --setgroup ceph
}
make_osd() {
  rm -rf /var/lib/ceph/osd/ceph-0
  install -d -o ceph -g ceph /var/lib/ceph/osd/ceph-0
  # Asked again with the same uuid, by a start after a killed one, it gives the same OSD.
  timeout 120 ceph osd new "$(cat /srv/ceph/osd-uuid)"
  ceph-osd -i 0 --mkfs --osd-uuid "$(cat /srv/ceph/osd-uuid)" --setuser ceph --setgroup ceph 2>/var/log/lab/ceph-osd-mkfs.log
}
mkdir -p /srv/ceph /run/ceph /var/log/ceph
chown ceph:ceph /run/ceph /var/log/ceph
for name in fsid osd-uuid; do [ -s /srv/ceph/$name ] || cat /proc/sys/kernel/random/uuid > /srv/ceph/$name; done
sed "s|@FSID@|$(cat /srv/ceph/fsid)|" /opt/lab/etc/ceph.conf > /etc/ceph/ceph.conf
once monitor make_monitor
start ceph-mon
once osd make_osd
start ceph-osd
once pool ceph osd pool create lab 8 8
# What the monitor says of an OSD may be older than a kill; a write that came back is not.
for _ in $(seq 60); do timeout 10 rados -p lab put probe /srv/ceph/fsid && start ceph-rgw && exit; done
exit 1
