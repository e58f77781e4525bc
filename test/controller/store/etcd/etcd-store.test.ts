import { EtcdStore } from '../../../../controller/store/etcd/etcd-store.ts';
import { EtcdCluster, hasEtcd } from '../../../support/etcd.ts';
import { systemAmbient } from '../../../support/system-ambient.ts';
import { storeContract } from '../contract.ts';

describe('EtcdStore', function () {
  let etcd: EtcdCluster | undefined;
  let prefix: string;
  let count = 0;
  before(async function () {
    if (!hasEtcd) this.skip();
    etcd = await EtcdCluster.start();
  });
  after(() => etcd?.stop());
  const open = () =>
    EtcdStore.open({ endpoints: etcd?.endpoints ?? [], prefix, ambient: systemAmbient });

  describe('contract', () =>
    storeContract(
      () => {
        prefix = `test${count++}/`;
        return Promise.resolve(open());
      },
      async (store) => {
        await store.close();
        return open();
      },
    ));
});
