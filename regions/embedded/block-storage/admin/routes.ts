import { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { shownTime } from '../api/python.ts';
import { requireAdmin, requireMinor } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import { backendOf, type Cinder, zone } from '../cinder.ts';
import { all } from '../state/state.ts';
import { extensions } from './extensions.ts';
import { quotaRoutes } from './quota-sets.ts';

/** What a cloud tells of itself. */
export function adminRoutes(cinder: Cinder): Routes {
  return {
    ...quotaRoutes(cinder),
    'GET /os-services': (request) => {
      requireAdmin(request, 'volume_extension:services:index');
      const { query } = request.call;
      const binary = query.get('binary');
      const host = query.get('host');
      const found = services(cinder, request.minor).filter(
        (each) =>
          (binary === null || each.binary === binary) && (host === null || each.host === host),
      );
      return reply({ services: found });
    },
    'GET /os-availability-zone': () =>
      reply({ availabilityZoneInfo: [{ zoneName: zone, zoneState: { available: true } }] }),
    'GET /extensions': () => reply({ extensions }),
    'GET /qos-specs': (request) => {
      requireAdmin(request, 'volume_extension:qos_specs_manage:get_all');
      return reply({ qos_specs: [] });
    },
    'GET /messages': (request) => {
      requireMinor(request, 3);
      return reply({ messages: [] });
    },
    'GET /scheduler-stats/get_pools': async (request) => {
      requireAdmin(request, 'scheduler_extension:scheduler_stats:get_pools');
      const allocated = (await all(cinder.state.volumes)).reduce(
        (sum, each) => sum + each.sizeGib,
        0,
      );
      const name = backendOf(cinder);
      const isDetailed = request.call.query.get('detail')?.toLowerCase() === 'true';
      return reply({
        pools: [
          isDetailed ? { name, capabilities: pool(allocated, protocolOf(cinder)) } : { name },
        ],
      });
    },
    'GET /capabilities/:': (request, host = '') => {
      requireAdmin(request, 'volume_extension:capabilities');
      if (!backendOf(cinder).startsWith(`${host}#`) && host !== backendOf(cinder))
        throw new Refusal(404, `Can't find service: ${host}`);
      return reply(capabilities(host, protocolOf(cinder)));
    },
  };
}

function reply(body: object): Promise<Reply> {
  return Promise.resolve(jsonReply(200, body));
}

function services(cinder: Cinder, minor: number) {
  const backup = cinder.faults.conditions.backupService === 'down' ? 'down' : 'up';
  const common = {
    zone,
    status: 'enabled',
    state: 'up',
    updated_at: shownTime(cinder.state.now()),
    ...(minor >= 7 ? { cluster: null } : {}),
    disabled_reason: null,
  };
  const backend = {
    ...(minor >= 49 ? { backend_state: 'up' } : {}),
    replication_status: 'disabled',
    active_backend_id: null,
    frozen: false,
  };
  return [
    { binary: 'cinder-backup', host: cinder.host, ...common, state: backup },
    { binary: 'cinder-scheduler', host: cinder.host, ...common },
    { binary: 'cinder-volume', host: `${cinder.host}@nfs`, ...common, ...backend },
  ];
}

/** By which a client tells back ends that hand over files from those that hand over devices. */
function protocolOf({ faults }: Cinder): string {
  return faults.conditions.volumeStorage === 'file' ? 'NFS' : 'ceph';
}

/** The disk is as large as anybody asks for; the quotas are what limits. */
function pool(allocatedGib: number, protocol: string): object {
  return {
    volume_backend_name: 'nfs',
    vendor_name: 'Open Source',
    driver_version: '1.4.0',
    storage_protocol: protocol,
    total_capacity_gb: 'infinite',
    free_capacity_gb: 'infinite',
    reserved_percentage: 0,
    QoS_support: false,
    sparse_copy_volume: true,
    provisioned_capacity_gb: allocatedGib,
    max_over_subscription_ratio: 20,
    thin_provisioning_support: true,
    thick_provisioning_support: false,
    allocated_capacity_gb: allocatedGib,
    filter_function: null,
    goodness_function: null,
  };
}

function capabilities(host: string, protocol: string): object {
  return {
    namespace: `OS::Storage::Capabilities::${host}`,
    vendor_name: 'Open Source',
    volume_backend_name: 'nfs',
    pool_name: null,
    driver_version: '1.4.0',
    storage_protocol: protocol,
    display_name: null,
    description: null,
    visibility: null,
    replication_targets: [],
    properties: {},
  };
}
