import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { Refusal } from './refusal.ts';

/** A request as it arrived, with what its mount took off the path. */
export interface Call {
  readonly method: string;
  /** Below the service's mount, still percent-encoded; empty or beginning with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; values hold the wire's bytes as latin-1. */
  readonly headers: IncomingHttpHeaders;
  /** Errors when the client goes away in its middle. */
  readonly body: Readable;
  /** `http://127.0.0.1:5000`: where the client reached us, for links and the catalogue. */
  readonly origin: string;
  /** The client's address; undefined in a call from inside the region. */
  readonly peer?: string;
  /** Aborts when the client goes away before its answer is out. */
  readonly signal: AbortSignal;
}

/** No request of these services but an object's or image's data is larger. */
const longestJsonBytes = 1 << 20;

/** One header as text; undefined when it is not there. Repeated ones are joined as HTTP says. */
export function header(call: Call, name: string): string | undefined {
  const value = call.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** No document of these services is nested so deeply; what goes through one by recursion may rely on it. */
const deepest = 50;

/** The body as JSON. Throws a Refusal of 400 or 413. */
export async function jsonBody(call: Call): Promise<unknown> {
  const text = (await wholeBody(call, longestJsonBytes)).toString('utf8');
  try {
    return parsedJson(text);
  } catch {
    throw new Refusal(400, 'the request body is not valid JSON');
  }
}

/** Throws a SyntaxError for what is no JSON, and for what is nested too deeply. */
export function parsedJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isDeeper(value, deepest)) throw new SyntaxError('JSON nested too deeply');
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** Throws a Refusal of 413 past the limit. */
export async function wholeBody(call: Pick<Call, 'body'>, limitBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of call.body as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > limitBytes) throw new Refusal(413, `the request body exceeds ${limitBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * The path's parts, decoded; empty ones kept. Undefined when one is not percent-encoded UTF-8, which
 * each service refuses in its own way.
 */
export function decodedParts(path: string): readonly string[] | undefined {
  try {
    return path.replace(/^\//, '').split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
