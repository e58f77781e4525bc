#!/bin/bash
# Writes the services' settings from the templates in etc/. Run at every start: the addresses and
# the topology come from the container's environment, so an edited template needs no migration.
set -euo pipefail
: "${LAB_REGION:?}" "${LAB_IP:?}" "${LAB_TOPOLOGY:?}" "${LAB_OBJECT_STORE:?}"
ring_region=1
[ "$LAB_REGION" = east ] || ring_region=2
swift_prefix=$([ "$LAB_OBJECT_STORE" = swift ] || echo /swift)
affinity=
if [ "$LAB_TOPOLOGY" = stretched ]; then
  affinity="read_affinity = r$ring_region=100\nsorting_method = affinity\nwrite_affinity = r$ring_region"
fi
render() {
  sed -e "s|@REGION@|$LAB_REGION|g" -e "s|@IP@|$LAB_IP|g" -e "s|@SWIFT@|http://$LAB_IP:8080$swift_prefix|g" -e "s|@AFFINITY@|$affinity|" "$1" > "$2"
}
cd /opt/lab/etc
render keystone.conf /etc/keystone/keystone.conf
render glance-api.conf /etc/glance/glance-api.conf
render cinder.conf /etc/cinder/cinder.conf
for file in swift/*; do render "$file" "/etc/$file"; done
for pair in account:6202 container:6201 object:6200; do
  # The container updater forks once per partition and pass: a short interval eats a core.
  interval=30
  [ "${pair%:*}" = container ] && interval=300
  sed -e "s|@UPDATE@|$interval|" -e "s|@KIND@|${pair%:*}|g" -e "s|@PORT@|${pair#*:}|g" swift/storage-server.conf > "/etc/swift/${pair%:*}-server.conf"
done
cp rsyncd.conf /etc/rsyncd.conf
render openrc /root/openrc
# A token lifetime chosen by a test outlives a restart of the region.
[ -f /srv/token-seconds ] && sed -i "s|^expiration=.*|expiration=$(cat /srv/token-seconds)|" /etc/keystone/keystone.conf
exit 0
