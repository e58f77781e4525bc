/** What a hashing thread does. */
import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { Answer, Order } from './messages.ts';

const hashes = new Map<number, readonly Hash[]>();

let longestZeros = Buffer.alloc(0);

function zeros(bytes: number): Buffer {
  if (longestZeros.length < bytes) longestZeros = Buffer.alloc(bytes);
  return longestZeros.subarray(0, bytes);
}

function carryOut(order: Order): Answer | undefined {
  const { id } = order;
  switch (order.kind) {
    case 'begin':
      hashes.set(
        id,
        order.algorithms.map((algorithm) => createHash(algorithm)),
      );
      return undefined;
    case 'update':
      for (const hash of hashes.get(id) ?? []) hash.update(order.data);
      return { id };
    case 'zeros':
      for (const hash of hashes.get(id) ?? []) hash.update(zeros(order.bytes));
      return { id };
    case 'end': {
      const digests = hashes.get(id)?.map((hash) => hash.digest('hex')) ?? [];
      hashes.delete(id);
      return { id, digests };
    }
    case 'abandon':
      hashes.delete(id);
      return undefined;
  }
}

parentPort?.on('message', (order: Order) => {
  const answer = carryOut(order);
  if (answer !== undefined) parentPort?.postMessage(answer);
});
