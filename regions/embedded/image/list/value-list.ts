import { badRequest } from '../replies/image-refusal.ts';

/** `a,"b,c"` as a and b,c; a backslash keeps a quotation mark. Throws a refusal of 400. */
export function splitValues(text: string): readonly string[] {
  requireQuotes(text);
  const parts = text.matchAll(/"([^"\\]*(?:\\.[^"\\]*)*)",?|([^,]+),?|,/gs);
  return Array.from(parts, ([, quoted, bare]) => quoted ?? bare ?? '');
}

function requireQuotes(text: string): void {
  let isOpen = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '"' || text[at - 1] === '\\') continue;
    if (!isOpen && at > 0 && text[at - 1] !== ',')
      throw invalid(text, 'There is no comma before opening quotation mark');
    if (isOpen && at + 1 < text.length && text[at + 1] !== ',')
      throw invalid(text, 'There is no comma after closing quotation mark');
    isOpen = !isOpen;
  }
  if (isOpen) throw invalid(text, 'The quote is not closed');
}

function invalid(text: string, fault: string): Error {
  return badRequest(`Invalid filter value ${text}. ${fault}.`);
}
