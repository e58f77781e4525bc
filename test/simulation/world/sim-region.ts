import { isoTime } from '../../../kernel/clock.ts';
import { machine } from '../engine/network.ts';
import { trueTime } from '../engine/process.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import type { Content, Resource, StoredObject } from './types.ts';

interface Snapshot {
  readonly content: Content;
  readonly takenAt: string;
}

/** One moment of an object's life: from then on it had this value, or was not there. */
export interface Moment {
  readonly atMs: number;
  readonly value: string | null;
}

/** One region's services, and what lies in them. Its clock is right: nobody's jump touches it. */
export class SimRegion {
  readonly name: string;
  readonly host: string;
  /** By `kind/id`. */
  readonly resources = new Map<string, Resource>();
  /** By the session's id and the resource's key. */
  readonly snapshots = new Map<string, Snapshot>();
  /** By copyName. */
  readonly copies = new Map<string, StoredObject>();
  readonly bank = new Map<string, Buffer>();
  /** Resources, by `kind/id`, whose data cannot be had: a volume in error, an image that is deactivated. */
  readonly broken = new Set<string>();
  /** Resources, by `kind/id`, that are there and that nobody is shown: a right was taken away. */
  readonly hidden = new Set<string>();
  /** What each object was at any time, by `kind/id/object`. */
  readonly history = new Map<string, Moment[]>();
  isDown = false;
  readonly #scheduler: Scheduler;

  constructor(name: string, scheduler: Scheduler) {
    this.name = name;
    this.host = machine('region', name);
    this.#scheduler = scheduler;
  }

  now(): string {
    return isoTime(trueTime(this.#scheduler));
  }

  find(kind: string, id: string): Resource | undefined {
    return this.hidden.has(`${kind}/${id}`) ? undefined : this.resources.get(`${kind}/${id}`);
  }

  named(kind: string, name: string): readonly Resource[] {
    return [...this.resources.values()].filter(
      (each) => each.kind === kind && each.name === name && this.find(kind, each.id) === each,
    );
  }

  /** It is found, and its data can be had. */
  isUsable(kind: string, id: string): boolean {
    return this.find(kind, id) !== undefined && !this.broken.has(`${kind}/${id}`);
  }

  add(resource: Resource): void {
    this.resources.set(`${resource.kind}/${resource.id}`, resource);
    for (const [name, value] of resource.objects) this.#remember(resource, name, value);
  }

  remove(resource: Resource): void {
    const key = `${resource.kind}/${resource.id}`;
    this.resources.delete(key);
    this.broken.delete(key);
    this.hidden.delete(key);
    for (const name of resource.objects.keys()) this.#remember(resource, name, null);
  }

  write(resource: Resource, object: string, value: string | null): void {
    if (value === null) resource.objects.delete(object);
    else resource.objects.set(object, value);
    this.#remember(resource, object, value);
  }

  #remember({ kind, id }: Resource, object: string, value: string | null): void {
    const key = `${kind}/${id}/${object}`;
    const moment = { atMs: this.#scheduler.nowMs, value };
    const moments = this.history.get(key);
    if (moments === undefined) this.history.set(key, [moment]);
    else moments.push(moment);
  }
}
