import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { createConnection } from 'node:net';

import { expect } from 'chai';

import { SiteNetwork } from './site-network.ts';

const server = `require('node:net').createServer((socket) => socket.end('here')).listen(7000, () => console.log('listening'))`;

describe('sites in network namespaces', () => {
  let network: SiteNetwork;
  let child: ChildProcess;

  before(async () => {
    network = await SiteNetwork.open(['east', 'west']);
    child = network.spawn('east', process.execPath, ['-e', server], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout!, 'data');
  });
  after(() => network.close());

  /** From the other site, and from here. */
  async function answers(): Promise<readonly boolean[]> {
    const address = network.address('east');
    const probe = `const socket = require('node:net').createConnection(7000, '${address}');
      socket.setTimeout(1000, () => process.exit(1)); socket.on('error', () => process.exit(1)); socket.on('data', () => process.exit(0))`;
    const other = network.spawn('west', process.execPath, ['-e', probe], { stdio: 'inherit' });
    const here = new Promise<boolean>((resolve) => {
      const socket = createConnection(7000, address);
      const end = (answered: boolean) => {
        socket.destroy();
        resolve(answered);
      };
      socket.setTimeout(1000, () => end(false));
      socket.once('data', () => end(true)).once('error', () => end(false));
    });
    const ended = once(other, 'exit') as Promise<[number | null]>;
    const [[code], answered] = await Promise.all([ended, here]);
    return [code === 0, answered];
  }

  it('reach each other, until one is cut off, and again when it is healed', async () => {
    expect(await answers()).to.deep.equal([true, true]);
    await network.cut('east');
    expect(await answers()).to.deep.equal([false, false]);
    await network.heal('east');
    expect(await answers()).to.deep.equal([true, true]);
  });

  it('lose one port alone', async () => {
    await network.block('east', 7001);
    expect(await answers()).to.deep.equal([true, true]);
    await network.block('east', 7000);
    expect(await answers()).to.deep.equal([false, false]);
    await network.unblock('east', 7000);
    expect(await answers()).to.deep.equal([true, true]);
  });

  it('leave no process behind', async () => {
    const ended = once(child, 'exit');
    await network.close();
    expect((await ended)[1]).to.equal('SIGKILL');
  });
});
