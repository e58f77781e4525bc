import pino from 'pino';
import type { Log, LogFields } from '../../kernel/log.ts';
import { redacted } from './redact.ts';

/** JSON lines on stderr, written at once: the last line before a crash is there. */
export function createLog(
  level: string,
  destination: pino.DestinationStream = pino.destination({ dest: 2, sync: true }),
): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    messageKey: 'message',
  };
  return adapt(pino(options, destination), {});
}

/** The fields of children are kept here, as pino would write a name that comes again twice. */
function adapt(logger: pino.Logger, bound: LogFields): Log {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}) => {
      if (logger.isLevelEnabled(level)) logger[level](redacted({ ...bound, ...fields }), message);
    };
  return Object.freeze({
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields: LogFields) => adapt(logger, { ...bound, ...fields }),
  });
}
