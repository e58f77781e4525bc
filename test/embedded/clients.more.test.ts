import { takesClients } from './clients.ts';

takesClients('openstack', 'swift', 'glance', 'cinder');
