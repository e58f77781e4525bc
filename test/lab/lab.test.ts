import { expect } from 'chai';

import { testLab } from './environment.ts';
import type { Lab } from './lab.ts';
import { answering, answers } from './probe.ts';
import type { Region, RegionService } from './region.ts';
import { corruptObject } from './swift-disk.ts';
import { swiftRequests } from './swift-log.ts';
import { regionNames } from './topology.ts';
import { punchHole, volumeSha256, writeVolume } from './volumes.ts';

const services: RegionService[] = [
  'mariadb',
  'rabbitmq',
  'keystone',
  'glance-api',
  'cinder-api',
  'cinder-scheduler',
  'cinder-volume',
  'cinder-backup',
  'swift-proxy',
  'swift-object',
  'swift-object-expirer',
];
const allUp = { keystone: true, swift: true, glance: true, cinder: true };
const mib = 1024 * 1024;

async function putObject(region: Region, container: string, name: string, body: string) {
  const script = `c = swift(); c.put_container(sys.argv[1])
c.put_object(sys.argv[1], sys.argv[2], sys.argv[3]); result(c.url.split('/')[-1])`;
  return (await region.python(script, [container, name, body])) as string;
}

async function getObject(region: Region, container: string, name: string) {
  const script = `from swiftclient.exceptions import ClientException
try: result(swift().get_object(sys.argv[1], sys.argv[2])[1].decode('latin1'))
except ClientException as problem: result(problem.http_status)`;
  return await region.python(script, [container, name]);
}

describe('the lab', () => {
  let lab: Lab;
  let east: Region;

  before(async () => {
    lab = await testLab();
    east = lab.region('east');
  });

  for (const name of regionNames) {
    it(`${name} answers and runs every service`, async () => {
      const region = lab.region(name);
      expect(await answering(region.address)).to.deep.equal(allUp);
      const states = await Promise.all(services.map((each) => region.isServiceRunning(each)));
      expect(services.filter((_, at) => !states[at])).to.deep.equal([]);
      expect(await region.openstack(['token', 'issue'])).to.have.property('project_id');
    });
  }

  it('cut makes east unreachable, heal brings it back', async () => {
    await lab.cut('east');
    expect(await answers(east.address, 'swift')).to.equal(false);
    expect(await answering(lab.region('west').address)).to.deep.equal(allUp);
    await lab.heal('east');
    expect(await answering(east.address)).to.deep.equal(allUp);
  });

  it('kill and start keep objects and volumes', async () => {
    await putObject(east, 'lab-test', 'kept', 'still here');
    const create = `v = cinder().volumes.create(1, name='lab-test')
wait(lambda: cinder().volumes.get(v.id)); result(v.id)`;
    const volume = (await east.python(create)) as string;
    await writeVolume(east, volume, 3 * mib, { randomMiB: 2, seed: 7 });
    const filled = await volumeSha256(east, volume);
    await lab.kill('east');
    await lab.start('east');
    expect(await getObject(east, 'lab-test', 'kept')).to.equal('still here');
    expect(await volumeSha256(east, volume)).to.equal(filled);
    await punchHole(east, volume, 3 * mib, mib);
    expect(await volumeSha256(east, volume)).not.to.equal(filled);
    await east.openstack(['volume', 'delete', volume]);
  });

  it('one service stops and starts alone', async () => {
    await east.stopService('swift-proxy');
    expect(await answering(east.address)).to.deep.equal({ ...allUp, swift: false });
    await east.startService('swift-proxy');
    await lab.heal('east');
  });

  it('requests to Swift can be counted', async () => {
    const since = Date.now();
    await putObject(east, 'lab-test', 'counted', 'twelve bytes');
    const puts = (await swiftRequests(east, since)).filter(({ path }) => path.endsWith('/counted'));
    expect(puts).to.have.length(1);
    expect(puts[0]).to.include({ method: 'PUT', status: 201, bytesReceived: 12 });
  });

  it('damage on disk shows', async () => {
    const account = await putObject(east, 'lab-test', 'damaged', 'sound');
    const path = { account, container: 'lab-test', object: 'damaged' };
    await corruptObject(lab, 'east', path, 'alter');
    expect(await getObject(east, 'lab-test', 'damaged')).not.to.equal('sound');
    await putObject(east, 'lab-test', 'damaged', 'sound');
    await corruptObject(lab, 'east', path, 'delete');
    expect(await getObject(east, 'lab-test', 'damaged')).to.equal(404);
  });
});
