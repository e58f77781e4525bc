import { takesClients } from './clients.ts';

// The one that starts in no time; each call of another takes a second.
takesClients('rclone');
