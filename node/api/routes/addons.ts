/** Endpoints about add-ons. Their own routes are under `/addons/NAME`. */
import { z } from 'zod';
import type { AddonOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const ADDON_ROUTES: RoutesOf<AddonOperations> = {
  addons: {
    method: 'GET',
    path: '/addons',
    tag: 'node',
    summary: 'Add-ons that the configuration names, and how they are',
    access: 'auditor',
    input: null,
    response: z.array(shapes.Addon),
  },
  restartAddon: {
    method: 'POST',
    path: '/addons/restart',
    tag: 'node',
    summary: 'Start an add-on again that has failed',
    access: 'local',
    input: { in: 'body', shape: shapes.AddonRef, field: 'name' },
    response: shapes.Addon,
  },
};
