import { expect } from 'chai';

import { noProgress } from '../../kernel/progress.ts';
import { systemRandom } from '../../kernel/random.ts';
import { kindOf } from '../../replicator/kinds.ts';
import { hasStatus } from '../../regions/http/request-error.ts';
import type { ProjectScope } from '../../regions/region.ts';
import { waitForStatus } from '../../regions/wait.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import { fencePrimary, type FenceEvidence } from '../../runbooks/steps/fence-primary.ts';
import { askIfUnfenced } from '../../runbooks/steps/unfenced.ts';
import { rejection } from '../support/rejection.ts';
import type { Suite } from './environment.ts';
import { openScopes, type Scopes } from './support/open.ts';
import { Outsider } from './support/outsider.ts';
import { removeAll } from './support/remove.ts';

export const fenceSuite: Suite = (environment) =>
  describe('fencing a primary', function () {
    const name = `fence-${systemRandom.id()}`;
    const memo = new Map<string, string>();
    let opened: Scopes;
    let outsider: Outsider;
    let east: ProjectScope;
    let volumeIds: readonly string[];

    before(async () => {
      opened = await openScopes(environment());
      outsider = await Outsider.login(environment().regions.east);
      ({ east } = opened);
      const wish = { name, sizeGib: 1, volumeType: environment().volumeType };
      const made = [
        await east.blockStorage.createVolume(wish),
        await east.blockStorage.createVolume(wish),
      ];
      volumeIds = made.map(({ id }) => id);
      for (const id of volumeIds)
        await waitForStatus({
          clock: environment().ambient.clock,
          operation: 'create volume',
          subject: id,
          stillMs: 240_000,
          done: ['available'],
          get: (signal) => east.blockStorage.getVolume(id, signal),
        });
      // Not available, as an attached one: Cinder goes by the status alone.
      await setState(volumeIds[1]!, 'maintenance');
      await east.objectStore.putContainer(name, { 'x-container-write': '*:*' });
      await east.objectStore.put(name, 'old', 'x', { contentLength: 1 });
    });

    after(async () => {
      await setState(volumeIds[1]!, 'available');
      for (const id of volumeIds) await east.blockStorage.deleteVolume(id);
      await removeAll(east, name, environment().ambient);
      outsider.close();
      await opened.close();
    });

    const setState = (id: string, status: string): Promise<unknown> =>
      outsider.json('volumev3', 'POST', `/volumes/${id}/action`, { 'os-reset_status': { status } });

    async function runFence(): Promise<readonly FenceEvidence[]> {
      const raised = { generation: 2, lostPrimary: 'east', primary: 'west' };
      const execution = { group: name, steps: [{ id: 'raise-generation', output: raised }] };
      const resources = [
        ...volumeIds.map((id) => ({ kind: 'volume', id, name })),
        { kind: 'container', id: name, name },
        { kind: 'volume', id: '00000000-0000-4000-8000-000000000000', name: 'gone' },
      ];
      const result = await fencePrimary.run({
        execution: execution as unknown as Execution,
        step: { params: { fenceSeconds: 20, unfenced: askIfUnfenced } } as never,
        control: {
          resources: () => Promise.resolve(resources),
          lostPrimary: () =>
            Promise.resolve({
              source: east,
              sharedSwift: environment().topology === 'stretched',
            }),
        } as never,
        ambient: environment().ambient,
        memo: {
          get: (key) => memo.get(key),
          set: (key, value) => Promise.resolve(void memo.set(key, value)),
        },
        progress: noProgress,
        signal: new AbortController().signal,
        note: (text) => environment().say(text),
        manifest: () => Promise.reject(new Error('not asked')),
        expand: () => [],
      });
      return (result.output as { evidence: readonly FenceEvidence[] }).evidence;
    }

    it('fences what Cinder and Swift let it, and says what they refused', async function () {
      if (environment().topology === 'stretched') this.skip();
      const [free, attached, container, gone] = await runFence();
      expect(free).to.include({ state: 'fenced' });
      expect((await east.blockStorage.getVolume(volumeIds[0]!))!.readOnly).to.equal(true);
      expect(attached).to.include({ state: 'refused' });
      expect(attached!.detail).to.include('maintenance');
      expect(container).to.include({ state: 'fenced' });
      expect(container!.former).to.include({ 'x-container-write': '*:*' });
      expect(gone).to.include({ state: 'not-needed' });
      const headers = (await east.objectStore.headContainer(name))!.headers;
      expect(headers).not.to.have.property('x-container-write');
      const put = east.objectStore.put(name, 'new', 'x', { contentLength: 1 });
      expect(hasStatus(await rejection(put), 413)).to.equal(true);
    });

    it('still knows what was there before when it is run again', async function () {
      if (environment().topology === 'stretched') this.skip();
      const [free, , container] = await runFence();
      expect(free!.former).to.deep.equal({ readOnly: null });
      expect(container!.former).to.include({ 'x-container-write': '*:*' });
    });

    it('can be undone by the former values', async function () {
      if (environment().topology === 'stretched') this.skip();
      const { signal } = new AbortController();
      const evidence = await runFence();
      const undo = async (index: number, kind: string, id: string): Promise<void> => {
        const former = evidence[index]!.former!;
        await kindOf(kind).unfence({ kind, id, name }, former, { source: east, signal });
      };
      // Twice: harmless when repeated.
      for (const index of [2, 2]) await undo(index, 'container', name);
      const { headers } = (await east.objectStore.headContainer(name))!;
      expect(headers).to.include({ 'x-container-write': '*:*' });
      expect(headers).not.to.have.property('x-container-meta-quota-count');
      await east.objectStore.put(name, 'new', 'x', { contentLength: 1 });
      await undo(0, 'volume', volumeIds[0]!);
      expect((await east.blockStorage.getVolume(volumeIds[0]!))!.readOnly).to.equal(false);
      const lost = { kind: 'volume', id: '00000000-0000-4000-8000-000000000000', name };
      await kindOf('volume').unfence(lost, { readOnly: null }, { source: east, signal });
    });
  });
