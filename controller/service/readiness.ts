import type { Cluster, ClaimKind } from '../cluster/types.ts';
import type { MirrorSet } from '../mirror/mirror-set.ts';
import type {
  ClusterStatus,
  ControllerFigures,
  MemberFigures,
  Readiness,
} from '../model/controller-status.ts';
import type { StoreHealth } from '../store/store.ts';

export interface ReadinessDeps {
  /** Where this controller is. */
  readonly site: string;
  /** All sites that are configured, this one included. */
  readonly siteNames: readonly string[];
  readonly health: () => StoreHealth;
  readonly mirrors: Pick<MirrorSet, 'isFilled' | 'staleMs' | 'lagMs'>;
  readonly cluster: Pick<Cluster, 'self' | 'controllers' | 'leader' | 'isLeader'>;
  readonly claimsHeld: () => Readonly<Record<ClaimKind, number>>;
  /** Of the etcd member that runs here; null where none does. */
  readonly member: () => MemberFigures | null;
  /** Whether the work of earlier runs was taken up. */
  readonly isTakenUp: () => boolean;
}

/** What this controller can do at this moment, from what it knows itself: nobody is asked. */
export class ReadinessReport {
  readonly #deps: ReadinessDeps;
  /** One that went is shown as gone, also where no configuration names it. */
  readonly #sitesSeen: Set<string>;

  constructor(deps: ReadinessDeps) {
    this.#deps = deps;
    this.#sitesSeen = new Set(deps.siteNames);
  }

  readiness(): Readiness {
    const { site, cluster, mirrors, health, isTakenUp } = this.#deps;
    const { hasQuorum } = health();
    const isFollowed = mirrors.isFilled && mirrors.staleMs === 0;
    const reasons = [
      ...(isTakenUp() ? [] : ['the work of earlier runs is not taken up yet']),
      ...(cluster.self === null ? ['this controller has no lease'] : []),
      ...(hasQuorum ? [] : ["no majority of the controllers' sites answers"]),
      ...(isFollowed ? [] : ['its copy of the state is not up to date']),
    ];
    return {
      ready: reasons.length === 0,
      reasons,
      role: cluster.isLeader() ? 'leader' : 'member',
      site,
      quorum: hasQuorum,
      staleSeconds: this.#staleSeconds(),
    };
  }

  cluster(epoch: number): ClusterStatus {
    const { cluster, health } = this.#deps;
    return {
      self: cluster.self,
      leader: cluster.leader(),
      controllers: cluster.controllers(),
      epoch,
      quorum: health().hasQuorum,
      staleSeconds: this.#staleSeconds(),
    };
  }

  figures(): ControllerFigures {
    const { site, cluster, claimsHeld, health, mirrors, member } = this.#deps;
    const present = new Set(cluster.controllers().map((each) => each.site));
    for (const each of present) this.#sitesSeen.add(each);
    const { hasQuorum, quorumAgeMs } = health();
    return {
      site,
      isLeader: cluster.isLeader(),
      hasLease: cluster.self !== null,
      claims: claimsHeld(),
      sites: new Map([...this.#sitesSeen].map((each) => [each, present.has(each)])),
      hasQuorum,
      quorumAgeSeconds: quorumAgeMs / 1000,
      lagSeconds: Math.max(mirrors.lagMs, mirrors.staleMs) / 1000,
      member: member(),
    };
  }

  /** Before the memory is filled reads go to the store, and are as old as that alone. */
  #staleSeconds(): number {
    const { health, mirrors } = this.#deps;
    const { hasQuorum, quorumAgeMs } = health();
    const ageMs = Math.max(
      hasQuorum ? 0 : Math.max(1, quorumAgeMs),
      mirrors.isFilled ? mirrors.staleMs : 0,
    );
    return Math.ceil(ageMs / 1000);
  }
}
