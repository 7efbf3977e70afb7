// A service in the panel: one line, and below it what it is and what can be done with it.

import * as React from 'react';
import { useParts, useSignal } from '../context';
import type { IService } from '../api/records';
import { COMMANDS } from '../reach/names';
import { startDrag } from '../reach/drag';
import { count, duration, environment, milliseconds, modelsOf, NOTHING, rate } from '../text';
import { Button, CopyButton, Facts, Spark, State, Told } from './parts';
import { KeysView, TokenView } from './keys';
import { More } from './more';

export const RUNS = new Set(['Healthy', 'Transitioning', 'Unhealthy']);

interface IProps {
  service: IService;
  open: boolean;
  toggle: () => void;
}

export function ServiceRow({ service, open, toggle }: IProps): JSX.Element {
  const { store, trans } = useParts();
  const { name, state } = service;
  return (
    <div className="jp-ModelDeploy-row" role="group" aria-label={trans.__('service %1', name)} data-open={open}>
      <button
        type="button"
        className="jp-ModelDeploy-line"
        aria-expanded={open}
        data-row=""
        onClick={toggle}
        onPointerDown={event => startDrag(event, name, serviceCode(service))}
      >
        <State state={state} short />
        <span className="jp-ModelDeploy-name" title={name}>
          {name}
        </span>
        <span className="jp-ModelDeploy-soft jp-ModelDeploy-grow" title={modelsOf(service).join(', ')}>
          {modelsOf(service).join(', ')}
        </span>
        {RUNS.has(state) && <Spark rates={store.samples.of(name)} label={trans.__('requests per second of %1', name)} />}
        <span className="jp-ModelDeploy-number">{RUNS.has(state) ? `${rate(service.recent?.requests_per_second ?? 0)}/s` : ''}</span>
      </button>
      {open && <ServiceDetails service={service} />}
    </div>
  );
}

/** The line of a notebook that a dragged service becomes. */
export function serviceCode(service: IService): string {
  return `%invoke ${service.name} [[1, 2]]`;
}

export function ServiceDetails({ service, named }: { service: IService; named?: boolean }): JSX.Element {
  const { store, trans } = useParts();
  const recent = service.recent ?? {};
  const rates = store.samples.of(service.name);
  const numbers: [string, string][] = [
    [trans.__('requests/s'), rate(recent.requests_per_second)],
    [trans.__('p95'), milliseconds(recent.p95_ms)],
    [trans.__('errors'), recent.requests === undefined ? NOTHING : trans.__('%1 of %2', count(recent.errors ?? 0), count(recent.requests))]
  ];
  return (
    <div className="jp-ModelDeploy-details">
      <div className="jp-ModelDeploy-title">
        {named && <b>{service.name}</b>}
        <State state={service.state} />
        {service.uptime_seconds > 0 && <span className="jp-ModelDeploy-soft">{trans.__('up %1', duration(service.uptime_seconds))}</span>}
      </div>
      {service.reason && <div className="jp-ModelDeploy-reason" data-state={service.state}>{service.reason}</div>}
      {service.scoring_uri && (
        <div className="jp-ModelDeploy-address">
          <code title={service.scoring_uri}>{service.scoring_uri}</code>
          <CopyButton text={() => service.scoring_uri} name={trans.__('Copy the address of %1', service.name)} />
        </div>
      )}
      {RUNS.has(service.state) && (
        <>
          <dl className="jp-ModelDeploy-numbers" aria-label={trans.__('recent traffic')}>
            {numbers.map(([label, value]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          {rates.some(one => one > 0) && <Spark rates={rates} label={trans.__('requests per second')} wide />}
        </>
      )}
      <ServiceFacts service={service} />
      <ServiceButtons service={service} />
      <Told of={keyOf(service)} />
      <More service={service} />
    </div>
  );
}

export function keyOf(service: { name: string }): string {
  return `service ${service.name}`;
}

function ServiceFacts({ service }: { service: IService }): JSX.Element {
  const { trans } = useParts();
  const pairs = Object.entries(service.tags ?? {}).map(([key, value]) => (value ? `${key}=${value}` : key));
  return (
    <Facts
      rows={[
        [trans.__('models'), modelsOf(service).join(', ')],
        [trans.__('script'), service.script],
        [trans.__('image'), service.image],
        [trans.__('target'), service.target],
        [trans.__('environment'), environment(service)],
        [trans.__('replicas'), String(service.replicas)],
        [trans.__('workers'), service.workers.length ? String(service.workers.length) : ''],
        [trans.__('generation'), service.generation ? String(service.generation) : ''],
        [trans.__('restarts'), service.restarts ? String(service.restarts) : ''],
        [trans.__('clients need'), { key: trans.__('a key'), token: trans.__('a token') }[service.auth] ?? ''],
        [trans.__('tags'), pairs.join(', ')],
        [trans.__('about'), service.description]
      ]}
    />
  );
}

export function ServiceButtons({ service }: { service: IService }): JSX.Element {
  const { actions, commands, trans } = useParts();
  useSignal(actions.changed);
  const [keys, showKeys] = React.useState(false);
  const { name, state } = service;
  const isBusy = actions.busy(keyOf(service)) !== undefined;
  const runs = RUNS.has(state);
  const credential = { key: trans.__('Keys'), token: trans.__('Token') }[service.auth];
  const act = (command: string): void => void commands.execute(command, { service: name });
  return (
    <>
      <div className="jp-ModelDeploy-buttons">
        {!runs && <Button label={trans.__('Start')} kind="main" disabled={isBusy} press={() => act(COMMANDS.start)} />}
        {runs && <Button label={trans.__('Invoke')} kind="main" press={() => act(COMMANDS.invoke)} />}
        <Button label={trans.__('Log')} press={() => act(COMMANDS.log)} />
        {runs && !service.image && <Button label={trans.__('Reload')} disabled={isBusy} press={() => act(COMMANDS.reload)} />}
        {modelsOf(service).length > 0 && (
          <Button label={trans.__('Other version…')} disabled={isBusy} press={() => act(COMMANDS.version)} />
        )}
        {credential && <Button label={credential} pressed={keys} press={() => showKeys(!keys)} />}
        {runs && <Button label={trans.__('Stop')} disabled={isBusy} press={() => act(COMMANDS.stop)} />}
        <Button label={trans.__('Delete')} kind="danger" disabled={isBusy} press={() => act(COMMANDS.remove)} />
      </div>
      {keys && service.auth === 'key' && <KeysView kind="service" name={name} />}
      {keys && service.auth === 'token' && <TokenView name={name} />}
    </>
  );
}
