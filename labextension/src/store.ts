// What is known of the workspace, once for the panel, the status bar and the cards in notebooks.
//
// It asks only while something that shows it is on screen. An event of the server makes it ask for the overview again.
// As a net below the events, a slow poll asks how far the server's feed is, which costs a tenth of an overview, and
// asks for the overview where that is further than what is known here, or where that is old. At most one request for
// the overview is on its way at a time.

import type { Event, ServiceManager } from '@jupyterlab/services';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import { Client, problemOf, type Problem } from './api/client';
import type { IInfo, INumbers, IOverview, IRecent } from './api/records';
import { Samples } from './samples';
import { translation } from './translation';

export const PROTOCOL = 1;
/** The server goes on looking for a minute after the last word of a page. */
const HEARTBEAT = 20_000;
/** A poll asks for an overview that is older than this in any case. */
const OLD = 60_000;
/** A server that does not answer is asked again after a second, then after two, and so on up to ten. */
const RETRY = 1000;
const MOST_RETRIES = 10;
const EVENT = /jupyter-model-deploy.*changed\/v1$/;

/** What an event of the server tells. */
interface ITold {
  revision: number;
  changed: Record<string, string[]>;
  recent?: Record<string, IRecent>;
  /** What routers have counted, by endpoint and deployment. */
  numbers?: Record<string, Record<string, INumbers>>;
}

/** Something on screen that shows the workspace; it says so by holding one of these. */
export interface IViewer {
  show(visible: boolean): void;
  dispose(): void;
}

export class Store {
  readonly samples = new Samples();
  info: IInfo | null = null;
  overview: IOverview | null = null;
  problem: Problem | null = null;
  /** When the overview was asked for that is known; 0 if there is none. */
  asOf = 0;

  constructor(
    readonly client: Client,
    events: Event.IManager,
    private readonly _version: string
  ) {
    this._poll = new Poll({
      auto: false,
      factory: () => this._look(),
      frequency: { interval: 10_000, backoff: true, max: 60_000 },
      name: 'jupyter-model-deploy:overview',
      standby: () => !this.isActive
    });
    this._heart = new Poll({
      auto: false,
      factory: () => this._beat(),
      frequency: { interval: HEARTBEAT, backoff: false },
      name: 'jupyter-model-deploy:listening',
      standby: () => !this.isActive
    });
    events.stream.connect(this._onEvent, this);
    document.addEventListener('visibilitychange', this._onVisibility);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Names of services that an event has told of. */
  get touched(): ISignal<this, void> {
    return this._touched;
  }

  get isActive(): boolean {
    return this._visible.size > 0 && !document.hidden;
  }

  /** One sentence if panel and server part are of different versions; empty if they are not. */
  get mismatch(): string {
    if (!this.info || (this.info.version === this._version && this.info.protocol === PROTOCOL)) {
      return '';
    }
    return translation().__(
      'This page has version %1 of jupyter-model-deploy and its server has %2: restart JupyterLab, then reload this page.',
      this._version,
      this.info.version
    );
  }

  /** Whether server and page cannot understand each other. */
  get isForeign(): boolean {
    return this.info !== null && this.info.protocol !== PROTOCOL;
  }

  viewer(): IViewer {
    const key = {};
    return {
      show: visible => {
        if (visible === this._visible.has(key)) {
          return;
        }
        if (visible) {
          this._visible.add(key);
        } else {
          this._visible.delete(key);
        }
        this._follow();
      },
      dispose: () => {
        this._visible.delete(key);
        this._follow();
      }
    };
  }

  setPeriod(seconds: number): void {
    this._poll.frequency = { interval: seconds * 1000, backoff: true, max: Math.max(60, seconds) * 1000 };
    this._lookLater();
  }

  /** Ask for the overview. While one is on its way, another follows it, however often this is called. */
  refresh(): Promise<void> {
    if (!this.isActive) {
      this._stale = true;
      return Promise.resolve();
    }
    if (this._flight) {
      this._again = true;
      return this._flight;
    }
    this._stale = false;
    this._flight = this._fetch().finally(() => {
      this._flight = null;
      if (this._again) {
        this._again = false;
        void this.refresh();
      }
    });
    return this._flight;
  }

  dispose(): void {
    window.clearTimeout(this._retry);
    this._poll.dispose();
    this._heart.dispose();
    document.removeEventListener('visibilitychange', this._onVisibility);
    Signal.clearData(this);
  }

  /** A look of the poll; it comes less often while there is no answer. */
  private async _look(): Promise<void> {
    if (await this._isKnown()) {
      this._age();
    } else {
      await this.refresh();
    }
    if (this.problem) {
      throw this.problem;
    }
  }

  /** Whether the server's feed is not further than what is known here. */
  private async _isKnown(): Promise<boolean> {
    if (!this.isActive || this.problem || Date.now() - this.asOf > OLD) {
      return false;
    }
    try {
      return (await this._listen()) <= this._revision;
    } catch {
      // What goes wrong here, the request for the overview shows.
      return false;
    }
  }

  /** Nothing has changed but the time. */
  private _age(): void {
    if (this.overview) {
      const seconds = (Date.now() - this._aged) / 1000;
      const services = this.overview.services.map(one =>
        one.uptime_seconds > 0 ? { ...one, uptime_seconds: one.uptime_seconds + seconds } : one
      );
      this.overview = { ...this.overview, services };
      this._aged = Date.now();
      this._changed.emit();
    }
  }

  private _listen(): Promise<number> {
    this._spoken = Date.now();
    return this.client.listening();
  }

  private async _fetch(): Promise<void> {
    const before = this.problem;
    try {
      if (!this.info || this.problem) {
        this.info = await this.client.info();
      }
      if (!this.isForeign) {
        const asked = Date.now();
        this.overview = await this.client.overview();
        this._revision = this.overview.revision;
        this.asOf = this._aged = asked;
        this.samples.add(this.overview.services);
      }
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
    window.clearTimeout(this._retry);
    if (this.problem?.why === 'unreachable') {
      // It may be restarting, which takes seconds; the pauses of the poll grow faster.
      this._missed = Math.min(MOST_RETRIES, this._missed + 1);
      this._retry = window.setTimeout(() => void this.refresh(), RETRY * this._missed);
    } else {
      this._missed = 0;
    }
    if (before && !this.problem) {
      this._lookLater();
    }
    this._changed.emit();
  }

  private async _beat(): Promise<void> {
    if (this.isActive && !this.problem && Date.now() - this._spoken >= HEARTBEAT) {
      // What goes wrong here, the next request for the overview shows.
      await this._listen().catch(() => 0);
    }
  }

  private _follow(): void {
    if (this.isActive === this._following) {
      return;
    }
    this._following = this.isActive;
    if (!this._following) {
      void this._poll.stop();
      void this._heart.stop();
      return;
    }
    if (this._stale || Date.now() - this.asOf > 1000) {
      void this.refresh();
    }
    this._lookLater();
    void this._heart.schedule({ phase: 'started', interval: HEARTBEAT });
  }

  /** Let the next look of the poll come after its usual pause, whatever it waits for now. */
  private _lookLater(): void {
    if (this._following) {
      void this._poll.schedule({ phase: 'started', interval: this._poll.frequency.interval });
    }
  }

  /** Take fresh numbers of traffic; nothing else has changed. */
  private _merge(recent: Record<string, IRecent>, numbers: Record<string, Record<string, INumbers>>): void {
    const { overview } = this;
    if (!overview || ![...overview.services, ...overview.endpoints].some(({ name }) => name in recent || name in numbers)) {
      return;
    }
    const services = overview.services.map(one => (one.name in recent ? { ...one, recent: recent[one.name] } : one));
    const endpoints = overview.endpoints.map(endpoint => {
      const counted = numbers[endpoint.name];
      const deployments = endpoint.deployments.map(one => ({ ...one, numbers: counted?.[one.name] ?? one.numbers }));
      return counted ? { ...endpoint, deployments } : endpoint;
    });
    this.overview = { ...overview, services, endpoints };
    this.samples.add(services);
    this._changed.emit();
  }

  private readonly _onVisibility = (): void => this._follow();

  private _onEvent(_: unknown, event: Event.Emission): void {
    if (!EVENT.test(event.schema_id)) {
      return;
    }
    const told = event as unknown as ITold;
    if (Object.values(told.changed ?? {}).some(names => names.length > 0)) {
      this._touched.emit();
      // What was asked for after the change has it already.
      if (!this.overview || !(told.revision <= this.overview.revision)) {
        void this.refresh();
      }
    } else if (this.overview && !document.hidden) {
      this._merge(told.recent ?? {}, told.numbers ?? {});
      this._revision = told.revision === this._revision + 1 ? told.revision : this._revision;
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _touched = new Signal<this, void>(this);
  private readonly _visible = new Set<object>();
  private readonly _poll: Poll;
  private readonly _heart: Poll;
  private _following = false;
  private _stale = true;
  private _flight: Promise<void> | null = null;
  /** How far the server's feed was when all that is known here was known there. */
  private _revision = 0;
  private _spoken = 0;
  /** When the services of the overview had been up as long as it says. */
  private _aged = 0;
  private _again = false;
  private _retry = 0;
  private _missed = 0;
}

export function storeOf(manager: ServiceManager.IManager, version: string): Store {
  return new Store(new Client(manager.serverSettings), manager.events, version);
}
