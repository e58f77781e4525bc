import { FarshoreError } from '../../kernel/errors.ts';

/** Why a region did not open, for a person: what to do about it. */
export function openError(
  error: unknown,
  { name, directory }: { readonly name: string; readonly directory: string },
): unknown {
  const at = (message: string, code: string, subject: string, hint: string) =>
    new FarshoreError(message, {
      code,
      kind: 'permanent',
      operation: `open embedded region '${name}'`,
      subject,
      hint,
      cause: error,
    });
  const codes = codesOf(error);
  if (codes.includes('LEVEL_LOCKED'))
    return at(
      'another process has the data directory open',
      'embedded.directory-held',
      directory,
      'end that process, or give another directory',
    );
  const { address, port, syscall } = error as NodeJS.ErrnoException & {
    readonly address?: string;
    readonly port?: number;
  };
  const [code] = codes;
  if (syscall === 'listen' || syscall === 'getaddrinfo')
    return at(
      code === 'EADDRINUSE' ? 'the port is in use' : `it cannot listen there (${String(code)})`,
      'embedded.address-unusable',
      [address, port].filter((part) => part !== undefined).join(':'),
      'give another port or host, or end what uses it',
    );
  if (code !== undefined && /^E[A-Z]+$|^LEVEL_/.test(code))
    return at(
      `the data directory cannot be used (${code})`,
      'embedded.directory-unusable',
      directory,
      'check that it is a directory that this user may write to',
    );
  return error;
}

/** Of the error and of what caused it, the outermost first. */
function codesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  return [...own, ...codesOf(error.cause)];
}
