/**
 * What etcd.proto describes, as it is handed over: 64-bit numbers as decimal strings, since ids use
 * all of their bits; fields that are not set have their default.
 */
export interface Header {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: string;
  readonly raftTerm: string;
}

export interface HeaderAnswer {
  readonly header: Header | null;
}

export interface KeyValue {
  readonly key: Buffer;
  readonly createRevision: string;
  readonly modRevision: string;
  readonly value: Buffer;
  /** Id of the lease that it is under; 0: none. */
  readonly lease: string;
}

export interface RangeRequest {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
  readonly limit?: number;
  readonly revision?: number;
  readonly serializable?: boolean;
}

export interface RangeAnswer extends HeaderAnswer {
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
}

export interface CompareRequest {
  readonly result: 'EQUAL';
  readonly target: 'MOD';
  readonly key: Buffer;
  readonly modRevision: number;
}

export type OperationRequest =
  | { readonly range: RangeRequest }
  | {
      readonly put: { readonly key: Buffer; readonly value: Buffer; readonly lease?: string };
    }
  | { readonly delete: { readonly key: Buffer } }
  | { readonly txn: TxnRequest };

export interface TxnRequest {
  readonly compare: readonly CompareRequest[];
  readonly success: readonly OperationRequest[];
  readonly failure: readonly OperationRequest[];
}

export interface TxnAnswer extends HeaderAnswer {
  readonly succeeded: boolean;
  readonly answers: readonly { readonly range?: RangeAnswer }[];
}

export type WatchRequest =
  | {
      readonly create: {
        readonly key: Buffer;
        readonly rangeEnd: Buffer;
        readonly startRevision: number;
        readonly fragment: boolean;
      };
    }
  | { readonly progress: object };

export interface WatchEvent {
  readonly type: 'PUT' | 'DELETE';
  readonly kv: KeyValue;
}

export interface WatchAnswer extends HeaderAnswer {
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: string;
  readonly cancelReason: string;
  readonly fragment: boolean;
  readonly events: readonly WatchEvent[];
}

export interface LeaseAnswer extends HeaderAnswer {
  readonly id: string;
  /** Seconds; 0 or less: it has ended. */
  readonly ttl: string;
}

export interface Member {
  readonly id: string;
  /** Empty until the member was started for the first time. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MembersAnswer extends HeaderAnswer {
  readonly members: readonly Member[];
}

export interface MemberAddAnswer {
  readonly member: Member | null;
  readonly members: readonly Member[];
}

export type AlarmType = 'NONE' | 'NOSPACE' | 'CORRUPT';

export interface AlarmRequest {
  readonly action: 'GET' | 'ACTIVATE' | 'DEACTIVATE';
  readonly memberId: string;
  readonly alarm: AlarmType;
}

export interface AlarmAnswer {
  readonly alarms: readonly { readonly memberId: string; readonly alarm: AlarmType }[];
}

export interface StatusAnswer extends HeaderAnswer {
  readonly version: string;
  /** Bytes. */
  readonly dbSize: string;
  readonly dbSizeInUse: string;
  /** Id of the leading member; 0: none. */
  readonly leader: string;
  readonly raftIndex: string;
  readonly raftAppliedIndex: string;
  readonly errors: readonly string[];
  readonly isLearner: boolean;
}
