// An endpoint in the panel: one line, and below it its deployments, their traffic, and what can be done with them.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { ENDPOINT } from '../api/client';
import type { IDeployment, IEndpoint } from '../api/records';
import { useParts, useSignal } from '../context';
import { startDrag } from '../reach/drag';
import { askFor } from '../reach/form';
import { COMMANDS, confirmed } from '../reach/names';
import { milliseconds } from '../text';
import { KeysView } from './keys';
import { Button, CopyButton, Facts, State, Told } from './parts';
import { RolloutView, RollOutButton, running } from './rollout';
import { RUNS } from './services';
import { Bar, Slider, useSliders, type ISliders } from './traffic';
import { MOST_MIRRORED } from './shares';

interface IProps {
  endpoint: IEndpoint;
  open: boolean;
  toggle: () => void;
}

/** The worst that is to be seen of an endpoint in its line: its router, or a deployment that has traffic. */
function stateOf(endpoint: IEndpoint): string {
  const ill = endpoint.deployments.find(one => one.traffic > 0 && one.state !== 'Healthy');
  return endpoint.state === 'Healthy' && ill ? ill.state : endpoint.state;
}

export function keyOf(endpoint: { name: string }): string {
  return `endpoint ${endpoint.name}`;
}

/** The line of a notebook that a dragged endpoint becomes. */
export function endpointCode(endpoint: IEndpoint): string {
  return `%invoke ${endpoint.name} [[1, 2]]`;
}

export function servesOf(deployment: IDeployment): string {
  const what = deployment.image || deployment.script.split('/').pop() || '';
  return [what, ...deployment.models].filter(Boolean).join(', ');
}

export function EndpointRow({ endpoint, open, toggle }: IProps): JSX.Element {
  const { trans } = useParts();
  const { name, deployments } = endpoint;
  return (
    <div className="jp-ModelDeploy-row" role="group" aria-label={trans.__('endpoint %1', name)} data-open={open}>
      <button
        type="button"
        className="jp-ModelDeploy-line"
        aria-expanded={open}
        data-row=""
        onClick={toggle}
        onPointerDown={event => startDrag(event, name, endpointCode(endpoint))}
      >
        <State state={stateOf(endpoint)} short />
        <span className="jp-ModelDeploy-name" title={name}>
          {name}
        </span>
        <Bar shares={endpoint.traffic} short />
        <span className="jp-ModelDeploy-soft" title={deployments.map(one => one.name).join(', ')}>
          {trans._n('%1 deployment', '%1 deployments', deployments.length, deployments.length)}
        </span>
      </button>
      {open && <Details endpoint={endpoint} />}
    </div>
  );
}

function Details({ endpoint }: { endpoint: IEndpoint }): JSX.Element {
  const { trans } = useParts();
  const key = keyOf(endpoint);
  const sliders = useSliders(endpoint, key);
  const pairs = Object.entries(endpoint.tags).map(([tag, value]) => (value ? `${tag}=${value}` : tag));
  return (
    <div className="jp-ModelDeploy-details">
      <div className="jp-ModelDeploy-title">
        <State state={endpoint.state} />
      </div>
      {endpoint.reason && <div className="jp-ModelDeploy-reason">{endpoint.reason}</div>}
      {endpoint.scoring_uri && (
        <div className="jp-ModelDeploy-address">
          <code title={endpoint.scoring_uri}>{endpoint.scoring_uri}</code>
          <CopyButton text={() => endpoint.scoring_uri} name={trans.__('Copy the address of %1', endpoint.name)} />
        </div>
      )}
      {endpoint.deployments.length > 0 ? (
        <>
          <Bar shares={sliders.traffic} />
          {endpoint.deployments.map((one, place) => (
            <Deployment key={one.name} deployment={one} endpoint={endpoint} place={place} sliders={sliders} />
          ))}
          {sliders.confirm}
          <RolloutView endpoint={endpoint} of={key} />
        </>
      ) : (
        <FirstDeployment name={endpoint.name} />
      )}
      <Facts
        rows={[
          [trans.__('clients need'), { key: trans.__('a key'), token: trans.__('a token') }[endpoint.auth] ?? ''],
          [trans.__('tags'), pairs.join(', ')],
          [trans.__('about'), endpoint.description]
        ]}
      />
      <Buttons endpoint={endpoint} />
      <Told of={key} />
    </div>
  );
}

function FirstDeployment({ name }: { name: string }): JSX.Element {
  const { trans } = useParts();
  const line = `%deploy SCRIPT --endpoint ${name} --deployment blue`;
  return (
    <div>
      <p className="jp-ModelDeploy-soft">{trans.__('It has no deployment yet. In a notebook:')}</p>
      <div className="jp-ModelDeploy-address">
        <code>{line}</code>
        <CopyButton text={() => line} name={trans.__('Copy the line that deploys to %1', name)} />
      </div>
    </div>
  );
}

interface IDeploymentProps {
  deployment: IDeployment;
  endpoint: IEndpoint;
  place: number;
  sliders: ISliders;
}

function Deployment({ deployment, endpoint, place, sliders }: IDeploymentProps): JSX.Element {
  const { trans } = useParts();
  const { name, state, numbers } = deployment;
  // While a rollout runs, it alone changes the traffic.
  const isRolling = running(endpoint) !== null;
  const share = sliders.traffic[name] ?? 0;
  const copied = sliders.mirror[name] ?? 0;
  const isReady = state === 'Healthy';
  const shown: [string, string][] = [
    [trans.__('requests'), (numbers.requests ?? 0).toLocaleString('en')],
    [trans.__('errors'), (numbers.failed ?? 0).toLocaleString('en')],
    [trans.__('p95'), milliseconds(numbers.requests ? numbers.p95_ms : null)],
    ...(numbers.mirrored ? [[trans.__('copies'), numbers.mirrored.toLocaleString('en')] as [string, string]] : [])
  ];
  return (
    <section className="jp-ModelDeploy-deployment" role="group" aria-label={trans.__('deployment %1 of %2', name, endpoint.name)}>
      <div className="jp-ModelDeploy-title">
        <span className="jp-ModelDeploy-swatch" data-ground={place % 6} aria-hidden="true" />
        <b>{name}</b>
        <State state={state} />
      </div>
      {deployment.reason && (
        <div className={deployment.sleeps ? 'jp-ModelDeploy-soft' : 'jp-ModelDeploy-reason'}>{deployment.reason}</div>
      )}
      <Slider
        label={trans.__('traffic')}
        name={trans.__('traffic of %1', name)}
        value={share}
        disabled={isRolling || (!isReady && share === 0)}
        set={value => sliders.move(name, value)}
      />
      {share === 0 && (
        <Slider
          label={trans.__('mirrored')}
          name={trans.__('mirrored to %1', name)}
          value={copied}
          most={MOST_MIRRORED}
          disabled={isRolling || (!isReady && copied === 0)}
          set={value => sliders.copy(name, value)}
        />
      )}
      <dl className="jp-ModelDeploy-numbers" aria-label={trans.__('numbers of %1', name)}>
        {shown.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Facts
        rows={[
          [trans.__('serves'), servesOf(deployment)],
          [trans.__('instances'), instancesOf(deployment, trans)],
          [trans.__('target'), deployment.target]
        ]}
      />
      <DeploymentButtons deployment={deployment} of={endpoint} />
    </section>
  );
}

function instancesOf({ instances, wanted, sleeps, scaling }: IDeployment, trans: TranslationBundle): string {
  const count = instances.length === wanted || sleeps ? String(instances.length) : trans.__('%1 of %2', instances.length, wanted);
  return scaling ? trans.__('%1, from %2 to %3 as requests need', count, scaling.least, scaling.most) : count;
}

function DeploymentButtons({ deployment, of }: { deployment: IDeployment; of: IEndpoint }): JSX.Element {
  const { actions, commands, trans } = useParts();
  useSignal(actions.changed);
  const { name, endpoint, instances, scaling } = deployment;
  const key = keyOf({ name: endpoint });
  const isBusy = actions.busy(key) !== undefined;
  const scale = async (): Promise<void> => {
    const given = await askFor(
      trans,
      trans.__('Instances of %1', name),
      [
        { name: 'instances', label: trans.__('Instances'), kind: 'number', value: scaling ? '' : String(deployment.wanted) },
        { name: 'min_instances', label: trans.__('or as requests need: at least'), kind: 'number', value: scaling ? String(scaling.least) : '' },
        { name: 'max_instances', label: trans.__('at most'), kind: 'number', value: scaling ? String(scaling.most) : '' }
      ],
      trans.__('Scale')
    );
    if (given && Object.keys(given).length) {
      const isBounded = 'min_instances' in given || 'max_instances' in given;
      // With bounds, a number of instances is only where it begins.
      const asked = isBounded && !scaling && given.instances === deployment.wanted ? { ...given, instances: undefined } : given;
      await actions.run(key, trans.__('Scaling %1', name), 'deployment', { action: 'scale', endpoint, deployment: name, ...asked });
    }
  };
  const remove = async (): Promise<void> => {
    const body = trans.__('Its log and what it has collected go with it. Its models and its script stay.');
    if (await confirmed(trans, trans.__('Delete deployment %1 of %2?', name, endpoint), body, trans.__('Delete'))) {
      await actions.run(key, trans.__('Deleting %1', name), 'deployment', { action: 'delete', endpoint, deployment: name }, true);
    }
  };
  const start = (): Promise<unknown> =>
    actions.run(key, trans.__('Starting %1', name), 'deploy', { endpoint, deployment: name });
  return (
    <div className="jp-ModelDeploy-buttons">
      {!deployment.sleeps && !RUNS.has(deployment.state) && (
        <Button label={trans.__('Start')} name={trans.__('Start %1', name)} kind="small" disabled={isBusy} press={() => void start()} />
      )}
      {instances.map((instance, place) => (
        <Button
          key={instance}
          label={instances.length > 1 ? trans.__('Log %1', place + 1) : trans.__('Log')}
          name={trans.__('Log of %1', instance)}
          kind="small"
          press={() => void commands.execute(COMMANDS.log, { service: instance })}
        />
      ))}
      <RollOutButton deployment={deployment} endpoint={of} of={key} />
      <Button label={trans.__('Scale…')} name={trans.__('Scale %1', name)} kind="small" disabled={isBusy} press={() => void scale()} />
      <Button label={trans.__('Delete')} name={trans.__('Delete %1', name)} kind="small" disabled={isBusy} press={() => void remove()} />
    </div>
  );
}

function Buttons({ endpoint }: { endpoint: IEndpoint }): JSX.Element {
  const { actions, commands, trans } = useParts();
  useSignal(actions.changed);
  const [keys, showKeys] = React.useState(false);
  const { name } = endpoint;
  const isBusy = actions.busy(keyOf(endpoint)) !== undefined;
  const act = (command: string, args: Record<string, string>): void => void commands.execute(command, args);
  const of = { service: `${ENDPOINT}${name}` };
  return (
    <>
      <div className="jp-ModelDeploy-buttons">
        {endpoint.deployments.length > 0 && <Button label={trans.__('Invoke')} kind="main" press={() => act(COMMANDS.invoke, of)} />}
        <Button label={trans.__('Requests')} name={trans.__('Log of the requests to %1', name)} press={() => act(COMMANDS.log, of)} />
        <Button
          label={trans.__('Deploy…')}
          name={trans.__('Deploy to %1', name)}
          disabled={isBusy}
          press={() => act(COMMANDS.deployTo, { endpoint: name })}
        />
        {endpoint.auth === 'key' || endpoint.auth === 'token' ? (
          <Button label={trans.__('Keys')} pressed={keys} press={() => showKeys(!keys)} />
        ) : null}
        <Button
          label={trans.__('Delete endpoint')}
          kind="danger"
          disabled={isBusy}
          press={() => act(COMMANDS.removeEndpoint, { endpoint: name })}
        />
      </div>
      {keys && <KeysView kind="endpoint" name={name} />}
    </>
  );
}
