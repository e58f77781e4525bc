import { resourceKey, type ResourceRef } from '../../../replicator/mover.ts';
import type { SimGroup } from '../sim-group.ts';
import type { World } from './world.ts';

/**
 * Those whose data is protected. What a region took from them is acknowledged; they write where their
 * group is live, by a network of their own.
 */
export class Users {
  writes = 0;
  deletions = 0;
  refusals = 0;
  #others = 0;
  readonly #world: World;
  readonly #groups: readonly SimGroup[];

  constructor(world: World, groups: readonly SimGroup[]) {
    this.#world = world;
    this.#groups = groups;
  }

  start(meanMs: number): void {
    for (const group of this.#groups) this.#writeLater(group, meanMs);
  }

  /** What the group protects, as its users made it. */
  create(group: SimGroup, ref: ResourceRef, objects: number): void {
    group.had.add(resourceKey(ref));
    const region = this.#world.region(group.region);
    const content = new Map<string, string>();
    for (let object = 0; object < objects; object += 1) content.set(`o${object}`, this.#value());
    region.add({ ...ref, objects: content, madeBy: null, isReadOnly: false });
  }

  createAnother(group: SimGroup): void {
    const { random } = this.#world;
    this.#others += 1;
    const kind = random.pick(['volume', 'image', 'container']);
    const name = `${group.name}-${kind}-more-${this.#others}`;
    const ref = { kind, id: kind === 'container' ? name : random.uuid(), name };
    this.create(group, ref, 1);
    group.members = [...group.members, ref];
  }

  /** Of a group that has lost all that it had. */
  createFirst(group: SimGroup): void {
    group.members = [];
    this.createAnother(group);
  }

  #writeLater(group: SimGroup, meanMs: number): void {
    this.#world.scheduler.after(this.#world.random.between(0, 2 * meanMs), () => {
      this.#write(group);
      this.#writeLater(group, meanMs);
    });
  }

  #write(group: SimGroup): void {
    const { random } = this.#world;
    const region = this.#world.region(group.region);
    const [member] = random.shuffled(group.members);
    if (member === undefined) return;
    const { kind, id } = member;
    if (kind === 'image') return;
    const resource = region.find(kind, id);
    if (resource === undefined || resource.isReadOnly || region.isDown) {
      this.refusals += 1;
      return;
    }
    const object = `o${random.int(0, 3)}`;
    const isDeletion = kind === 'container' && random.chance(0.2);
    if (isDeletion && !resource.objects.has(object)) return;
    region.write(resource, object, isDeletion ? null : this.#value());
    if (isDeletion) this.deletions += 1;
  }

  #value(): string {
    this.writes += 1;
    return `w${this.writes}`;
  }
}
