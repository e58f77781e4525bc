#!/bin/bash
# At image build, once for all labs: every service's tables, and the rings of a separate Swift.
set -euo pipefail
LAB_REGION=east LAB_IP=127.0.0.1 LAB_TOPOLOGY=separate LAB_OBJECT_STORE=swift /opt/lab/render.sh
mkdir -p /run/mysqld /var/log/lab
chown mysql /run/mysqld
mysqld_safe --skip-networking=0 --bind-address=127.0.0.1 >/var/log/lab/build-mysql.log 2>&1 &
for _ in $(seq 120); do mysqladmin ping >/dev/null 2>&1 && break; sleep 0.5; done
for name in keystone glance cinder; do
  mysql -e "create database $name character set utf8;
    grant all on $name.* to '$name'@'localhost' identified by 'secret';
    grant all on $name.* to '$name'@'127.0.0.1' identified by 'secret';"
done
su -s /bin/bash keystone -c 'keystone-manage db_sync' &
keystone=$!
su -s /bin/bash glance -c 'glance-manage db_sync' >/var/log/lab/build-glance.log 2>&1 &
glance=$!
su -s /bin/bash cinder -c 'cinder-manage db sync' >/var/log/lab/build-cinder.log 2>&1
wait $keystone
wait $glance
mysqladmin shutdown
LAB_TOPOLOGY=separate /opt/lab/rings.sh
rm -f /var/log/keystone/* /var/log/glance/* /var/log/cinder/*
