import { findsWithin } from './finds.ts';
import { anyonesBank, staleRecord } from './planted-banks.ts';

findsWithin(40, [
  ['a bank that belongs to anyone', anyonesBank, ['other-installation']],
  ['a record of the group that is not brought up to date', staleRecord, ['rebuilt']],
]);
