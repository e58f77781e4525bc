# Damages an object in this region's RADOS, under the RGW: HOW ACCOUNT CONTAINER OBJECT, as in the
# object's path. Its first 4 MiB (the head) are one RADOS object, named by the bucket's marker.
set -euo pipefail
how=$1 account=$2 container=$3 name=$4
pool=default.rgw.buckets.data
marker=$(radosgw-admin -n client.rgw.a bucket stats --bucket "${account#AUTH_}/$container" | jq -r .marker)
# A name that begins with `_` has one more before it.
case $name in _*) name=_$name ;; esac
head=${marker}_$name
size=$(rados -p $pool stat "$head" | sed 's/.*size //')
case $how in
  delete) rados -p $pool rm "$head" ;;
  truncate) rados -p $pool truncate "$head" $((size / 2)) ;;
  alter)
    file=$(mktemp)
    rados -p $pool get "$head" "$file"
    byte=$(od -An -tu1 -j $((size / 2)) -N1 "$file")
    printf "\\x$(printf %x $((byte ^ 255)))" | rados -p $pool put "$head" - --offset $((size / 2))
    rm "$file"
    ;;
  *) exit 64 ;;
esac
