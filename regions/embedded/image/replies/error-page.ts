import { STATUS_CODES } from 'node:http';
import type { Reply } from '../../http/reply.ts';
import type { Refusal } from '../../http/refusal.ts';
import { ImageRefusal, type RefusalText } from './image-refusal.ts';

/** WebOb's titles where they are not Node's. */
const titles: Readonly<Record<number, string>> = {
  413: 'Request Entity Too Large',
  416: 'Request Range Not Satisfiable',
};

/** A refusal in the form that the client accepts best: a page, JSON, or plain text. */
export function errorPage(refusal: Refusal, accept: string | undefined): Reply {
  const { status } = refusal;
  const title = titles[status] ?? STATUS_CODES[status] ?? 'Error';
  const line = `${status} ${title}`;
  const text = refusal instanceof ImageRefusal ? refusal.text : { explanation: refusal.message };
  const form = formFor(accept);
  return {
    status,
    headers: { ...refusal.headers, 'content-type': mediaTypes[form] },
    body: bodies[form](text, line, title),
  };
}

type Form = 'html' | 'json' | 'plain';

const mediaTypes: Readonly<Record<Form, string>> = {
  html: 'text/html; charset=UTF-8',
  json: 'application/json',
  plain: 'text/plain; charset=UTF-8',
};

const bodies: Readonly<Record<Form, (text: RefusalText, line: string, title: string) => string>> = {
  html: (text, line) =>
    `<html>\n <head>\n  <title>${line}</title>\n </head>\n <body>\n  <h1>${line}</h1>\n` +
    `  ${message(text, escapeHtml)}\n </body>\n</html>`,
  json: (text, code, title) =>
    JSON.stringify({ message: message(text, (part) => part), code, title }),
  plain: (text, line) => `${line}\n\n${withoutTags(message(text, (part) => part))}`,
};

function message(
  { explanation, detail = '', isWhole = false }: RefusalText,
  escape: (text: string) => string,
): string {
  const end = isWhole ? '' : `${escape(detail)}\n\n`;
  return `${escape(explanation)}<br /><br />\n${end}`;
}

function withoutTags(text: string): string {
  return text
    .replaceAll('\n', ' ')
    .replaceAll('\r', '')
    .replace(/<br.*?>/gi, '\n')
    .replace(/<.*?>/g, '');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
};

function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (sign) => entities[sign] ?? sign)
    .replace(/[^\0-\x7f]/gu, (sign) => `&#${String(sign.codePointAt(0))};`);
}

/** A page wins where both are as good. */
function formFor(accept: string | undefined): Form {
  const html = quality(accept, 'text', 'html');
  const json = quality(accept, 'application', 'json');
  if (html > 0 && html >= json) return 'html';
  return json > 0 ? 'json' : 'plain';
}

/** 0 to 1; the most exact of the header's ranges decides. */
function quality(accept: string | undefined, type: string, subtype: string): number {
  if (accept === undefined || accept.trim() === '') return 1;
  const candidates = [`${type}/${subtype}`, `${type}/*`, '*/*'];
  const ranges = accept.split(',').map((range) => range.split(';').map((part) => part.trim()));
  for (const candidate of candidates)
    for (const [name, ...parameters] of ranges) {
      if (name?.toLowerCase() !== candidate) continue;
      const q = parameters.find((parameter) => /^q=/i.test(parameter));
      return q === undefined ? 1 : Number(q.slice(2)) || 0;
    }
  return 0;
}
