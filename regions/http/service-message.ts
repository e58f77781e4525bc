const maxLength = 300;
/** Looked at: the patterns below take the square of a page's length in the worst case. */
const maxPage = 4_096;

/**
 * The service's own words in an error answer, on one line. Known shapes: Keystone
 * `{"error": {"message"}}`, Cinder `{"badRequest": {"message"}}`, webob pages of Glance
 * (`<title>…</title><h1>…</h1>text`) and Swift (`<h1>…</h1><p>text</p>`), plain text. Anything that
 * looks like a token is taken out. Empty when there is nothing to say.
 */
export function serviceMessage(body: string): string {
  const text = fromJson(body) ?? fromHtml(body.slice(0, maxPage));
  const line = withoutTokens(text).replace(/\s+/g, ' ').trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}

function fromJson(body: string): string | undefined {
  if (!/^\s*\{/.test(body)) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined; // Cut short, or not JSON after all: read it as text.
  }
  return findMessage(parsed, 2);
}

function findMessage(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('message' in value && typeof value.message === 'string') return value.message;
  if (depth === 0) return undefined;
  for (const inner of Object.values(value)) {
    const found = findMessage(inner, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fromHtml(body: string): string {
  return body
    .replace(/<(title|style|script)\b[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<\/h1>/gi, ': ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&');
}

/** Fernet tokens begin with `gAAAAA`; a JWS has three dotted parts beginning with `eyJ`. */
function withoutTokens(text: string): string {
  return text
    .replace(/gAAAAA[\w=-]{16,}/g, '[token]')
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '[token]');
}
