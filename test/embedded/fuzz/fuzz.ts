import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { systemClock } from '../../../kernel/clock.ts';
import { type Log, silentLog } from '../../../kernel/log.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { EmbeddedRegion } from '../../../regions/embedded/region.ts';
import { type Access, openAccess } from './access.ts';
import {
  contents,
  expectConsistentImages,
  expectConsistentObjects,
  expectSettledVolumes,
} from './consistency.ts';
import { type RawAnswer, type RawRequest, sendRaw } from './raw-request.ts';
import { plans } from './requests.ts';
import { seed } from './seed.ts';
import type { Things } from './things.ts';
import { blockStorage } from './vocabularies/block-storage.ts';
import { identity } from './vocabularies/identity.ts';
import { image } from './vocabularies/image.ts';
import { objectStore } from './vocabularies/object-store.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Declares the attacks with so many requests to each service, the same ones in every run. */
export function withstands(count: number): void {
  describe(`an embedded region under ${count} random requests to each service`, () => {
    const defects: string[] = [];
    const log: Log = {
      ...silentLog,
      error: (message, fields) => void defects.push(`${message} ${JSON.stringify(fields)}`),
      child: () => log,
    };
    let directory: string;
    let region: EmbeddedRegion;
    let access: Access;
    let things: Things;

    const open = async (): Promise<void> => {
      region = await EmbeddedRegion.open({
        name: 'east',
        directory,
        ambient: { clock: systemClock, random: systemRandom, log },
      });
      // On files some backups never end, as with the NFS driver.
      region.faults.set({ volumeStorage: 'block' });
      access = await openAccess(region.url);
    };

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'farshore-fuzz-'));
      await open();
      things = await seed(access);
    });

    after(async () => {
      await access.close();
      await region.close();
      await rm(directory, { recursive: true });
    });

    async function attack(words: Vocabulary, seed: number): Promise<void> {
      let good = 0;
      for (const plan of fc.sample(plans(words), { numRuns: count, seed })) {
        const request = plan(things, access.token);
        const answer = await sendRaw(region.url, request);
        if (!isRight(request, answer) || defects.length > 0)
          throw new Error([said(request), answer.text, ...defects].join('\n'));
        things.learn(request, answer);
        if (answer.status >= 200 && answer.status < 300) good += 1;
      }
      // Requests that are all refused at the door would prove nothing.
      expect(good).to.be.within(count / 5, (count * 4) / 5);
    }

    it('Keystone refuses what is wrong, and goes on issuing tokens', async () => {
      await attack(identity(access.scope.userId), 1);
      await access.close();
      access = await openAccess(region.url);
    });

    it('Swift refuses what is wrong, and every listed object is there, whole', async () => {
      await attack(objectStore(`AUTH_${access.scope.projectId}`), 2);
      await expectConsistentObjects(access.scope);
    });

    it('Glance refuses what is wrong, and every active image has its bytes', async () => {
      await attack(image, 3);
      await expectConsistentImages(access.scope);
    });

    it('Cinder refuses what is wrong, and whatever was begun comes to its end', async () => {
      await attack(blockStorage(access.scope.projectId), 4);
      await expectSettledVolumes(access.scope);
      await expectConsistentImages(access.scope);
    });

    it('all of it is the same after a restart', async () => {
      const before = await contents(access.scope);
      await access.close();
      await region.close();
      await open();
      expect(await contents(access.scope)).to.deep.equal(before);
      await expectConsistentObjects(access.scope);
      await expectConsistentImages(access.scope);
      for await (const { status } of access.scope.images.list())
        expect(status).not.to.equal('saving');
      expect(defects).to.deep.equal([]);
    });
  });
}

/** A request that ends in its middle may be left without an answer. */
function isRight({ isCut }: RawRequest, { status }: RawAnswer): boolean {
  return (status >= 100 && status !== 500) || (isCut === true && status === 0);
}

function said({ method, target, headers, body }: RawRequest): string {
  return `${method} ${target} ${JSON.stringify(headers.slice(1))} ${body.toString('utf8').slice(0, 300)}`;
}
