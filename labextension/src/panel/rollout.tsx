// The rollout of a deployment: where it is, both versions side by side, and what can be asked of it.

import * as React from 'react';
import type { IDeployment, IEndpoint, IRollout, ISeen } from '../api/records';
import { useParts, useSignal } from '../context';
import { askFor } from '../reach/form';
import { milliseconds } from '../text';
import { Button, Facts, State } from './parts';

const ENDED = new Set(['promoted', 'rolled back']);
const MOST_EVENTS = 20;
/** What can be asked in each state, the main thing first; at any time the old version gets the traffic back. */
const WISHES: Record<string, string> = {
  mirroring: 'hold',
  shifting: 'hold',
  waiting: 'approve',
  held: 'approve',
  complete: 'promote'
};

/** The rollout of an endpoint that has not ended. */
export function running(endpoint: IEndpoint): IRollout | null {
  const rollout = endpoint.last_rollout;
  return rollout && !ENDED.has(rollout.state) ? rollout : null;
}

function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '' : `${Number((100 * share).toPrecision(4))} %`;
}

export function RolloutView({ endpoint, of }: { endpoint: IEndpoint; of: string }): JSX.Element | null {
  const { trans } = useParts();
  const rollout = endpoint.last_rollout;
  if (!rollout) {
    return null;
  }
  const { state, reason, seen } = rollout;
  const name = trans.__('rollout of %1 at %2', rollout.new, endpoint.name);
  const agreement =
    seen.compared && seen.agreement !== null ? trans.__('%1 of %2 answers', percent(seen.agreement), seen.compared.toLocaleString('en')) : '';
  const facts: [string, React.ReactNode][] = [
    [trans.__('step'), ENDED.has(state) ? '' : stepOf(rollout)],
    [trans.__('agreement'), agreement],
    [trans.__('inputs'), seen.drift ? trans.__('%1 apart from the reference', percent(seen.drift)) : '']
  ];
  return (
    <section className="jp-ModelDeploy-deployment" role="group" aria-label={name} data-ended={ENDED.has(state)}>
      <div className="jp-ModelDeploy-title">
        <b>{ENDED.has(state) ? trans.__('Last rollout: %1', rollout.new) : trans.__('Rollout of %1', rollout.new)}</b>
        <State state={state} />
      </div>
      {reason && <div className="jp-ModelDeploy-soft">{reason}</div>}
      {seen.new && seen.old && <Versions rollout={rollout} />}
      <Facts rows={facts} />
      <Wishes rollout={rollout} of={of} />
      <Steps rollout={rollout} />
    </section>
  );
}

function stepOf({ plan, step, mirrors, left }: IRollout): string {
  const steps = plan.steps.map(one => `${one} %`).join(', ');
  if (mirrors) {
    return `${mirrors} % copied, then ${steps}`;
  }
  return `${step} of ${plan.steps.length} (${steps})${left ? `, ${Math.ceil(left)} s at least` : ''}`;
}

function Versions({ rollout }: { rollout: IRollout }): JSX.Element {
  const { trans } = useParts();
  const { share, mirrors, seen } = rollout;
  const rows: [string, string, ISeen | undefined][] = [
    [rollout.new, mirrors ? trans.__('%1 % copied', mirrors) : `${share} %`, seen.new],
    [rollout.old, `${100 - share} %`, seen.old]
  ];
  const heads = [trans.__('version'), trans.__('traffic'), trans.__('requests'), trans.__('errors'), trans.__('p95')];
  return (
    <div className="jp-ModelDeploy-scrolled">
      <table className="jp-ModelDeploy-table" aria-label={trans.__('both versions')}>
        <thead>
          <tr>
            {heads.map(head => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([version, traffic, one]) => (
            <tr key={version}>
              <th scope="row">{version}</th>
              <td>{traffic}</td>
              <td>{(one?.requests ?? 0).toLocaleString('en')}</td>
              <td>{(one?.errors ?? 0).toLocaleString('en')}</td>
              <td>{milliseconds(typeof one?.p95 === 'number' ? one.p95 * 1000 : null)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Wishes({ rollout, of }: { rollout: IRollout; of: string }): JSX.Element | null {
  const { actions, trans } = useParts();
  useSignal(actions.changed);
  if (ENDED.has(rollout.state)) {
    return null;
  }
  const isBusy = actions.busy(of) !== undefined;
  const labels: Record<string, string> = {
    approve: trans.__('Approve'),
    hold: trans.__('Hold'),
    promote: trans.__('Promote'),
    roll_back: trans.__('Roll back')
  };
  const press = (wish: string): void =>
    void actions.run(of, `${labels[wish]}: ${rollout.new}`, 'rollout', { endpoint: rollout.endpoint, [wish]: true });
  const offered = [WISHES[rollout.state], 'roll_back'].filter(Boolean);
  return (
    <div className="jp-ModelDeploy-buttons">
      {offered.map(wish => (
        <Button
          key={wish}
          label={labels[wish]}
          name={trans.__('%1 the rollout of %2', labels[wish], rollout.new)}
          kind={wish === 'roll_back' ? 'danger' : 'main'}
          disabled={isBusy}
          press={() => press(wish)}
        />
      ))}
    </div>
  );
}

function Steps({ rollout }: { rollout: IRollout }): JSX.Element {
  const { trans } = useParts();
  const events = rollout.history.slice(-MOST_EVENTS);
  return (
    <details>
      <summary className="jp-ModelDeploy-soft">{trans.__('Steps')}</summary>
      <ol className="jp-ModelDeploy-more">
        {events.map((one, index) => (
          <li key={index}>
            <span className="jp-ModelDeploy-soft">
              {new Date(one.time * 1000).toLocaleTimeString()} {one.share} %
            </span>{' '}
            {one.event}
            {one.reason ? `: ${one.reason}` : ''}
          </li>
        ))}
      </ol>
    </details>
  );
}

/** The button that begins a rollout, where there is another deployment to take the traffic from. */
export function RollOutButton({ deployment, endpoint, of }: { deployment: IDeployment; endpoint: IEndpoint; of: string }): JSX.Element | null {
  const { actions, trans } = useParts();
  useSignal(actions.changed);
  const { name } = deployment;
  const hasOther = endpoint.deployments.some(one => one.name !== name && one.traffic > 0);
  if (!hasOther || deployment.traffic > 0 || running(endpoint)) {
    return null;
  }
  const begin = async (): Promise<void> => {
    const given = await askFor(
      trans,
      trans.__('Roll out %1', name),
      [
        { name: 'steps', label: trans.__('Percent of the traffic, step by step'), kind: 'text', value: '10,50,100' },
        { name: 'every', label: trans.__('Each step lasts at least'), kind: 'text', value: '30s' },
        { name: 'max_error_rate', label: trans.__('Failed requests at most'), kind: 'text', value: '1%' },
        { name: 'max_p95', label: trans.__('p95 at most'), kind: 'text', placeholder: '200ms' },
        { name: 'min_agreement', label: trans.__('Equal answers at least'), kind: 'text', placeholder: '99%' },
        { name: 'min_sample', label: trans.__('Requests before a step is judged'), kind: 'number', value: '100' },
        { name: 'approve', label: trans.__('Wait for my approval before each step'), kind: 'flag' },
        { name: 'promote', label: trans.__('Make it final after the last step'), kind: 'flag' }
      ],
      trans.__('Begin')
    );
    if (given) {
      const args = { endpoint: endpoint.name, deployment: name, ...given };
      await actions.run(of, trans.__('Beginning the rollout of %1', name), 'rollout', args);
    }
  };
  const isBusy = actions.busy(of) !== undefined || deployment.state !== 'Healthy';
  return <Button label={trans.__('Roll out…')} name={trans.__('Roll out %1', name)} kind="small" disabled={isBusy} press={() => void begin()} />;
}
