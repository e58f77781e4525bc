/** The right to carry one execution out: no other process has it while this one does. */
export interface ExecutionClaim {
  /** Aborts when another may have it. Never revives. */
  readonly lost: AbortSignal;
  /** Gives it back, so that another can take it at once. Harmless when lost. */
  release(): Promise<void>;
}

/** Who carries out what. All that saves a state compares the claim: see `ExecutionJournal.save`. */
export interface ExecutionClaims {
  /** Null when another holds it, or this process may carry out nothing now. */
  take(kind: 'execution', id: string): Promise<ExecutionClaim | null>;
}

/** Which of the processes that are there now should carry something out. */
export interface Turns {
  /** Those in the first of `regions` before those in the next, before the others. */
  isTurn(workId: string, regions: readonly string[]): boolean;
  /** Called when the answer may have changed, or a claim was given up. Returns how to stop. */
  onChange(listener: () => void): () => void;
}
