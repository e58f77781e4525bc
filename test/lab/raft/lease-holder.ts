import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { EtcdStore } from '../../../controller/store/etcd/etcd-store.ts';
import { put } from '../../../controller/store/store.ts';
import { systemAmbient } from '../../support/system-ambient.ts';

/** A process of its own that holds a lease, and when it is written to tells whether it still does. */
const say = (what: object) => writeSync(1, `${JSON.stringify(what)}\n`);
const store = EtcdStore.open({
  endpoints: process.argv.slice(2),
  prefix: 'p/',
  ambient: systemAmbient,
});
const lease = await store.lease(2000);
await store.transact([], [put({ path: `held/${process.pid}` }, null, lease)]);
say({ held: lease.isHeld() });
await once(process.stdin, 'data');
const held = lease.isHeld();
const late = put({ path: `held/${process.pid}` }, null, lease);
const error = await store.transact([], [late]).catch((reason: unknown) => reason);
say({ held, refused: error instanceof Error && 'code' in error ? error.code : undefined });
await store.close();
