import type { ResourceKind } from '../../../replicator/mover.ts';

/** Object or block within a resource, and the token that stands for its content: one for each write. */
export type Content = ReadonlyMap<string, string>;

/** A volume, image or container as users see it. */
export interface Resource {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly name: string;
  readonly objects: Map<string, string>;
  /** The execution that made it, and the resource that it stands for; null: its users made it. */
  readonly madeBy: { readonly execution: string; readonly of: string } | null;
  isReadOnly: boolean;
}

/** An object of a copy, in the secondary. */
export interface StoredObject {
  isWhole: boolean;
  /** Looked at, as the secondary lists it or to its end, since it was last written. */
  isChecked: boolean;
}

/** On whose behalf something is done to a region. */
export type Actor =
  | { readonly type: 'session'; readonly id: string; readonly group: string }
  | { readonly type: 'execution'; readonly id: string; readonly of: string }
  /** Retention, or an operator's own order. */
  | { readonly type: 'group'; readonly group: string };

/** A change that took place in a region. */
export interface Effect {
  readonly region: string;
  readonly operation:
    | 'create snapshot'
    | 'delete snapshot'
    | 'put copy'
    | 'delete copy'
    | 'put bank object'
    | 'delete bank object'
    | 'create resource'
    | 'restore object'
    | 'delete resource'
    | 'fence';
  readonly subject: string;
  readonly process: string;
  readonly actor: Actor;
  /** When the request left its process, in true time. */
  readonly sentMs: number;
}

export function copyName(kind: string, id: string, object: string, value: string): string {
  return `${kind}/${id}/${object}@${value}`;
}
