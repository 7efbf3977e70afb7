// The number of services that are not well, in the status bar.

import * as React from 'react';
import { useParts, useSignal, type IContext } from '../context';
import { ViewingWidget } from '../viewing';
import { COMMANDS } from './names';

const WELL = new Set(['Healthy', 'Transitioning', 'Stopped']);

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
  const { services } = store.overview;
  if (!services.length) {
    return null;
  }
  const ill = services.filter(one => !WELL.has(one.state));
  const text = ill.length
    ? trans._n('%1 service unhealthy', '%1 services unhealthy', ill.length, ill.length)
    : trans._n('%1 service', '%1 services', services.length, services.length);
  return (
    <button
      type="button"
      className="jp-StatusBar-TextItem"
      data-ill={ill.length > 0}
      title={ill.length ? ill.map(one => `${one.name}: ${one.state}`).join('\n') : trans.__('Open the panel of models and services')}
      onClick={() => void commands.execute(COMMANDS.panel)}
    >
      {ill.length > 0 && <span aria-hidden="true">▲ </span>}
      {text}
    </button>
  );
}
