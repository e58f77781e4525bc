#!/bin/bash
# Swift's rings. Separate: one copy on this region's own devices, reached over loopback, so that
# the cluster does not depend on the network. Stretched: two copies over the devices of both regions.
set -euo pipefail
cd /etc/swift
replicas=1
hosts=127.0.0.1
if [ "$LAB_TOPOLOGY" = stretched ]; then
  replicas=2
  hosts="$LAB_EAST_IP $LAB_WEST_IP"
fi
ring() {
  swift-ring-builder "$1.builder" create 4 $replicas 0
  region=0
  for host in $hosts; do
    region=$((region + 1))
    for device in d1 d2; do
      swift-ring-builder "$1.builder" add --region $region --zone 1 --ip "$host" --port "$2" --device $device --weight 1
    done
  done
  swift-ring-builder "$1.builder" rebalance --seed 1 || [ $? = 1 ] # 1: balanced, with a remark
}
rm -f ./*.builder ./*.ring.gz
ring account 6202 >/dev/null &
ring container 6201 >/dev/null &
ring object 6200 >/dev/null &
wait
ls account.ring.gz container.ring.gz object.ring.gz >/dev/null
