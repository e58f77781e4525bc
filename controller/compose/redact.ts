import { describeError, FarshoreError } from '../../kernel/errors.ts';
import { RequestError } from '../../regions/http/request-error.ts';

const secretName =
  /pass(word|wd|phrase)?$|secret|token|credential|authorization|cookie|temp-url-key|private.?key|signature/i;
/** Deeper things are not what a log line is for. */
const maxDepth = 6;
const hidden = '[redacted]';

/** A copy of what is to be logged without anything whose name says that it is a secret. */
export function redacted(value: unknown, depth = 0): unknown {
  if (value instanceof Error) return describeFields(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) return '[…]';
  if (Array.isArray(value)) return value.map((each) => redacted(each, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      secretName.test(name) ? hidden : redacted(each, depth + 1),
    ]),
  );
}

/** Not the error's own fields: those of a library may hold the request with its headers. */
function describeFields(error: Error): Readonly<Record<string, unknown>> {
  if (!(error instanceof FarshoreError))
    return { message: error.message, stack: error.stack, cause: messageOf(error.cause) };
  const { code, kind, cause } = error;
  const described = { code, kind, message: describeError(error), cause: messageOf(cause) };
  if (!(error instanceof RequestError)) return described;
  const { region, service, method, status, requestId } = error;
  return { ...described, region, service, method, status, requestId };
}

function messageOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}
