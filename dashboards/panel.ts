/** One query of a panel: PromQL and what Grafana calls its series. */
interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface Panel {
  /** Fixed for good: links and screenshots name it. Never used again for something else. */
  readonly id: number;
  readonly title: string;
  /** What the operator reads off it, and what to do when it looks bad. */
  readonly description: string;
  readonly kind: 'stat' | 'timeseries';
  /** Grafana's name of the unit. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
  /** From the second value on it is drawn in the colour. */
  readonly thresholds?: readonly (readonly [color: string, from: number])[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}
