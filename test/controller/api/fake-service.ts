import { FarshoreError } from '../../../kernel/errors.ts';
import type { ControllerFigures, Readiness } from '../../../controller/model/controller-status.ts';
import type { Group, GroupStatus, Stored } from '../../../controller/model/types.ts';
import type { ControllerService } from '../../../controller/service.ts';
import { gold, specOf } from '../support/fixtures.ts';

export function sampleStatus(change: Partial<GroupStatus> = {}): GroupStatus {
  return {
    name: 'shop',
    policy: 'gold',
    generation: 1,
    primary: 'east',
    secondary: 'west',
    state: 'protected',
    resources: [],
    rpoSeconds: 42,
    rpoObjectiveSeconds: 900,
    rtoSeconds: null,
    rtoObjectiveSeconds: 3600,
    newestUsablePoint: '20261121T085503Z-1f0c',
    newestProvenDataTime: '2026-11-21T08:55:03.000Z',
    points: { proven: 1, partial: 0, damaged: 0 },
    lacks: [],
    changes: [],
    session: null,
    stalled: [],
    damagedCopies: 0,
    verification: null,
    nextSessionAt: null,
    executions: [],
    ...change,
  };
}

/** A controller that works alone. */
export const sampleFigures: ControllerFigures = {
  site: 'local',
  isLeader: true,
  hasLease: true,
  claims: { session: 1, execution: 0 },
  sites: new Map([['local', true]]),
  hasQuorum: true,
  quorumAgeSeconds: 0,
  lagSeconds: 0,
  member: null,
};

export const sampleReadiness: Readiness = {
  ready: true,
  reasons: [],
  role: 'leader',
  site: 'local',
  quorum: true,
  staleSeconds: 0,
};

const sampleGroup: Stored<Group> = {
  revision: 7,
  value: {
    spec: specOf('shop'),
    generation: 1,
    primary: 'east',
    resources: [],
    createdAt: '2026-11-21T08:00:00.000Z',
  },
};

export function notFound(kind: string, name: string): FarshoreError {
  return new FarshoreError(`there is no ${kind} ${name}`, {
    code: `${kind}.not-found`,
    kind: 'permanent',
    operation: `show ${kind}`,
    subject: name,
  });
}

const east = { name: 'east', services: [{ service: 'identity', up: true, latencyMs: 3 }] } as const;

/** A service that a test fills with what it asks for; anything else fails loudly. */
export function fakeService(part: Partial<ControllerService> = {}): ControllerService {
  const known: Partial<ControllerService> = {
    listPolicies: () => Promise.resolve([{ value: gold, revision: 3 }]),
    getPolicy: (name) =>
      name === 'gold'
        ? Promise.resolve({ value: gold, revision: 3 })
        : Promise.reject(notFound('policy', name)),
    listGroups: () => Promise.resolve([sampleGroup]),
    getGroup: () => Promise.resolve(sampleGroup),
    groupStatus: () => Promise.resolve(sampleStatus()),
    listGroupStatus: () => Promise.resolve([sampleStatus()]),
    listRegions: () => Promise.resolve([east]),
    knownRegions: () => Promise.resolve([east]),
    listRunbooks: () => [{ name: 'drill', mode: 'drill', description: 'd', params: {} }],
    readiness: () => sampleReadiness,
    figures: () => sampleFigures,
    ...part,
  };
  return new Proxy(known as ControllerService, {
    get: (target, name) => {
      if (name in target) return Reflect.get(target, name) as unknown;
      throw new Error(`the test did not expect ${String(name)}`);
    },
  });
}
