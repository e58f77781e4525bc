import { expect } from 'chai';
import { FarshoreError } from '../../kernel/errors.ts';

/** The FarshoreError that the promise must reject with; any other end fails the test. */
export async function rejection(work: Promise<unknown>): Promise<FarshoreError> {
  const error = await work.then(
    (value) => expect.fail(`it succeeded with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(FarshoreError);
  return error as FarshoreError;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
