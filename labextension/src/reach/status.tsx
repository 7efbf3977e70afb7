// The number of services and of endpoints' deployments that are not well, in the status bar.

import * as React from 'react';
import type { IEndpoint } from '../api/records';
import { useParts, useSignal, type IContext } from '../context';
import { ViewingWidget } from '../viewing';
import { COMMANDS } from './names';

const WELL = new Set(['Healthy', 'Transitioning', 'Stopped']);

/** What of an endpoint is not well: its router, and deployments. */
function illOf(endpoint: IEndpoint): string[] {
  const own = WELL.has(endpoint.state) ? [] : [`${endpoint.name}: ${endpoint.state}`];
  const inside = endpoint.deployments.filter(one => !WELL.has(one.state));
  return [...own, ...inside.map(one => `${endpoint.name}, ${one.name}: ${one.state}`)];
}

export class StatusItem extends ViewingWidget {
  constructor(context: IContext) {
    super(context);
    this.addClass('jp-ModelDeploy-status');
  }

  protected body(): JSX.Element {
    return <Status />;
  }
}

function Status(): JSX.Element | null {
  const { store, commands, trans } = useParts();
  useSignal(store.changed);
  if (!store.overview || store.problem) {
    return null;
  }
  const { services, endpoints } = store.overview;
  const all = services.length + endpoints.length;
  if (!all) {
    return null;
  }
  const ill = [
    ...services.filter(one => !WELL.has(one.state)).map(one => `${one.name}: ${one.state}`),
    ...endpoints.flatMap(illOf)
  ];
  const counts = [
    services.length ? trans._n('%1 service', '%1 services', services.length, services.length) : '',
    endpoints.length ? trans._n('%1 endpoint', '%1 endpoints', endpoints.length, endpoints.length) : ''
  ];
  const text = ill.length ? trans._n('%1 service unhealthy', '%1 services unhealthy', ill.length, ill.length) : counts.filter(Boolean).join(', ');
  return (
    <button
      type="button"
      className="jp-StatusBar-TextItem"
      data-ill={ill.length > 0}
      title={ill.length ? ill.join('\n') : trans.__('Open the panel of models and services')}
      onClick={() => void commands.execute(COMMANDS.panel)}
    >
      {ill.length > 0 && <span aria-hidden="true">▲ </span>}
      {text}
    </button>
  );
}
