#!/bin/bash
# Starts the services in order and leaves /run/lab/ready when all of them answer. Everything that
# may be done only once in a region's life is behind /srv/seeded.
set -euo pipefail
trap '[ $? = 0 ] || touch /run/lab/failed' EXIT
say() { echo "[$(date +%T)] $*"; }
until_ok() { # until_ok SECONDS COMMAND...: tries every 0.3 s
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || { say "gave up on: $*"; exit 1; }
    sleep 0.3
  done
}
start() { supervisorctl -c /opt/lab/supervisord.conf start "$@"; }
is_follower() { [ "$LAB_TOPOLOGY" = stretched ] && [ "$LAB_REGION" != east ]; }

# The RGW serves Swift beneath a prefix, so that S3 has the root.
swift_prefix=$([ "$LAB_OBJECT_STORE" = swift ] || echo /swift)

object_store_up() {
  if [ "$LAB_OBJECT_STORE" = rgw ]; then
    /opt/lab/ceph.sh
    return
  fi
  # The image holds the rings of a separate Swift.
  [ "$LAB_TOPOLOGY" = separate ] || [ -f /srv/ringed ] || { /opt/lab/rings.sh && touch /srv/ringed; }
  start swift-account swift-container swift-object swift-proxy swift-container-updater \
    swift-object-updater swift-object-expirer
  [ "$LAB_TOPOLOGY" = separate ] ||
    start swift-account-replicator swift-container-replicator swift-object-replicator
}

store_answers() {
  wait $object_store
  until_ok 300 curl -sf "http://127.0.0.1:8080$swift_prefix/healthcheck"
}

# Stretched regions share projects, users and Fernet keys: east makes them, west copies them.
own_identity() {
  # As keystone-manage's fernet_setup and credential_setup do, without their seconds of start-up.
  local keys number
  for keys in fernet-keys credential-keys; do
    mkdir -p /etc/keystone/$keys
    for number in 0 1; do head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' > /etc/keystone/$keys/$number; done
    chown -R keystone:keystone /etc/keystone/$keys
    chmod -R go= /etc/keystone/$keys
  done
  local url="http://$LAB_IP:5000/v3"
  keystone-manage bootstrap --bootstrap-password secret --bootstrap-region-id "$LAB_REGION" \
    --bootstrap-admin-url "$url" --bootstrap-internal-url "$url" --bootstrap-public-url "$url"
  chown -R keystone:keystone /var/log/keystone
}
publish_identity() {
  mkdir -p /srv/share/new
  mysqldump keystone > /srv/share/new/keystone.sql
  cp -r /etc/keystone/fernet-keys /etc/keystone/credential-keys /srv/share/new/
  chmod -R a+rX /srv/share/new
  mv /srv/share/new /srv/share/identity
}
copied_identity() {
  until_ok 300 rsync -a "rsync://$LAB_EAST_IP/share/identity/" /srv/identity/
  mysql keystone < /srv/identity/keystone.sql
  for keys in fernet-keys credential-keys; do
    mkdir -p /etc/keystone/$keys
    cp /srv/identity/$keys/* /etc/keystone/$keys/
    chown -R keystone:keystone /etc/keystone/$keys
    chmod -R go= /etc/keystone/$keys
  done
}

# Straight into the table: the API for it would cost seconds, and the ids differ per region.
volume_type() {
  mysql cinder -e "set @id = uuid();
    insert into volume_types (id, name, is_public, deleted, created_at) values (@id, 'nfs', 1, 0, utc_timestamp());
    insert into volume_type_extra_specs (volume_type_id, \`key\`, value, deleted, created_at)
      values (@id, 'volume_backend_name', 'nfs', 0, utc_timestamp())"
}

say 'database and message queue'
start syslog mariadb memcached rsync rabbitmq
object_store_up &
object_store=$!
until_ok 300 mysqladmin ping
if [ ! -f /srv/seeded ]; then
  say identity
  if is_follower; then copied_identity; else own_identity; fi
fi
[ -f /srv/seeded ] || volume_type
start keystone glance-api
until_ok 300 bash -c '</dev/tcp/127.0.0.1/5672'
scheduler_log=/var/log/cinder/cinder-scheduler.log
old_bytes=$(stat -c %s $scheduler_log 2>/dev/null || echo 0)
start cinder-api cinder-scheduler cinder-volume
# cinder-backup asks its store for /info when it starts, and is out of service if that fails.
[ "$LAB_OBJECT_STORE" = swift ] || store_answers
start cinder-backup
until_ok 300 curl -sf http://127.0.0.1:5000/v3
if [ ! -f /srv/seeded ]; then
  say 'users and catalogue'
  is_follower || python3 /opt/lab/seed.py
  [ "$LAB_TOPOLOGY/$LAB_REGION" = stretched/east ] && publish_identity
fi
say 'waiting for every service'
store_answers
until_ok 300 curl -s http://127.0.0.1:9292/
until_ok 300 curl -s http://127.0.0.1:8776/
# Cinder refuses work for a service whose last sign of life is old: wait for fresh ones.
alive() {
  [ "$(mysql -N cinder -e "select count(distinct \`binary\`) from services
    where deleted = 0 and updated_at > utc_timestamp() - interval $((SECONDS + 1)) second")" = 3 ]
}
until_ok 300 alive
# A backup that the scheduler has no service for fails, whatever the list of services says.
knows_backup() { tail -c "+$((old_bytes + 1))" $scheduler_log | grep 'Received backup service update'; }
until_ok 300 knows_backup
touch /srv/seeded /run/lab/ready
say ready
