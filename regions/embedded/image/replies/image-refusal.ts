import { Refusal } from '../../http/refusal.ts';

/** Glance says the same thing in two places, by which of WebOb's arguments its code filled. */
export interface RefusalText {
  readonly explanation: string;
  readonly detail?: string;
  /** The status's own sentence, after which nothing follows. */
  readonly isWhole?: boolean;
}

export class ImageRefusal extends Refusal {
  readonly text: RefusalText;

  constructor(status: number, text: RefusalText, headers: Readonly<Record<string, string>> = {}) {
    super(status, text.explanation, headers);
    this.text = text;
  }
}

const notFoundText = 'The resource could not be found.';

export function badRequest(explanation: string): ImageRefusal {
  return new ImageRefusal(400, { explanation });
}

export function forbidden(explanation: string): ImageRefusal {
  return new ImageRefusal(403, { explanation });
}

/** The forms in which only the detail tells what was wrong. */
export function accessDenied(detail: string): ImageRefusal {
  return new ImageRefusal(403, { explanation: 'Access was denied to this resource.', detail });
}

export function conflictDetail(detail: string): ImageRefusal {
  const explanation = 'There was a conflict when trying to complete your request.';
  return new ImageRefusal(409, { explanation, detail });
}

export function rangeRefused(detail: string): ImageRefusal {
  return new ImageRefusal(416, { explanation: 'The Range requested is not available.', detail });
}

export function conflict(explanation: string): ImageRefusal {
  return new ImageRefusal(409, { explanation });
}

export function notFound(explanation = notFoundText): ImageRefusal {
  return new ImageRefusal(404, { explanation });
}

export function tooLarge(explanation: string): ImageRefusal {
  return new ImageRefusal(413, { explanation });
}

export function unauthorized(origin: string): ImageRefusal {
  const explanation =
    'This server could not verify that you are authorized to access the document you requested. ' +
    'Either you supplied the wrong credentials (e.g., bad password), or your browser does not ' +
    'understand how to supply the credentials required.';
  const headers = { 'www-authenticate': `Keystone uri="${origin}/identity"` };
  return new ImageRefusal(401, { explanation }, headers);
}

export function methodNotAllowed(method: string, allow: string): ImageRefusal {
  const explanation = `The method ${method} is not allowed for this resource. `;
  return new ImageRefusal(405, { explanation, isWhole: true }, { allow });
}

export function notImplemented(method: string): ImageRefusal {
  const explanation = `\nThe request method ${method} is not implemented for this server. `;
  return new ImageRefusal(501, { explanation, isWhole: true });
}

export function unsupportedMedia(
  mediaType: string,
  headers: Readonly<Record<string, string>> = {},
): ImageRefusal {
  const explanation = `The request media type ${mediaType} is not supported by this server.\n`;
  return new ImageRefusal(415, { explanation, isWhole: true }, headers);
}
