import type { BankOwner } from '../../replicator/bank/owner.ts';

/** A reason is kept with the audit record for ever. */
export interface BankOrder {
  readonly reason: string;
}

export interface RebuildOrder extends BankOrder {
  /** All that the bank holds anything of unless given. */
  readonly groups?: readonly string[];
  /** Fingerprints of public keys that were noted while the state was there. */
  readonly trust?: readonly string[];
  /** Take what is signed by keys that only the bank itself vouches for. */
  readonly acceptUnverified?: boolean;
  /** Take groups whose points contradict each other, in the order of their cuts, or that another region knows better. */
  readonly acceptConflicts?: boolean;
  /** Put what the bank holds in the place of groups that the state has. */
  readonly replace?: boolean;
}

export interface PublicKeyView {
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly isCurrent: boolean;
}

export interface InstallationView {
  readonly id: string;
  readonly createdAt: string;
  /** Of manifests; the one in use first. */
  readonly keys: readonly PublicKeyView[];
}

export interface BankView {
  readonly region: string;
  /** `account/container`. */
  readonly place: string;
  readonly isOwn: boolean;
  /** Null: nobody has said it is his yet, or `fault` says why that is not known. */
  readonly owner: BankOwner | null;
  readonly fault: Fault | null;
  readonly groups: readonly string[];
}

export interface Fault {
  readonly code: string;
  readonly subject: string;
  readonly message: string;
}

export interface VerifiedGroup {
  readonly group: string;
  readonly points: number;
  /** Fingerprints of the keys that signed. */
  readonly keys: readonly string[];
  readonly faults: readonly Fault[];
}

export interface BankVerification {
  readonly bank: BankView;
  readonly groups: readonly VerifiedGroup[];
  /**
   * True when it says whose it is, every manifest and group record is signed, understood, without
   * contradiction, the keys that signed are there, and the state agrees.
   */
  readonly isWhole: boolean;
}

export interface RebuiltGroup {
  readonly group: string;
  /** `present`: the state has it, nothing was done. */
  readonly outcome: 'rebuilt' | 'present' | 'refused';
  readonly primary: string | null;
  readonly generation: number | null;
  readonly points: number;
  /** Of them those that the secondary does not hold whole, by its listings. */
  readonly damaged: number;
  /** What was left out and why; of a refused one, why it was. */
  readonly faults: readonly Fault[];
  /** Regions that did not say whether they know better: those that were lost do not. */
  readonly unasked: readonly Fault[];
}

export interface Rebuild {
  readonly bank: BankView;
  readonly groups: readonly RebuiltGroup[];
  /** True when every group is there with all that the bank holds of it. */
  readonly isWhole: boolean;
}

export interface BankService {
  installation(): Promise<InstallationView>;
  /** A new key signs from now on; the public part of the former stays. */
  rotateKey(order: BankOrder): Promise<InstallationView>;
  /** PEM of PKCS #8; audited. */
  exportKey(order: BankOrder): Promise<{ readonly fingerprint: string; readonly pem: string }>;
  show(region: string, signal?: AbortSignal): Promise<BankView>;
  verify(region: string, trust: readonly string[], signal?: AbortSignal): Promise<BankVerification>;
  /** Takes the bank from the installation that has it. */
  adopt(region: string, order: BankOrder, signal?: AbortSignal): Promise<BankView>;
  /** Adopts, and brings into the state what the bank holds and the state has not. */
  rebuild(region: string, order: RebuildOrder, signal?: AbortSignal): Promise<Rebuild>;
}
