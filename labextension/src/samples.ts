// The last rates of each service, for its sparkline.

import type { IService } from './api/records';

const KEPT = 60;

export class Samples {
  /** Take the rates of one overview; services that are gone are forgotten. */
  add(services: IService[]): void {
    const before = this._rates;
    this._rates = new Map(
      services.map(service => {
        const { counts, requests_per_second = 0 } = service.recent ?? {};
        // Servers of older packages do not count seconds: then the rates that came by are drawn.
        return [service.name, counts ?? [...(before.get(service.name) ?? []), requests_per_second].slice(-KEPT)];
      })
    );
  }

  of(name: string): number[] {
    return this._rates.get(name) ?? [];
  }

  private _rates = new Map<string, number[]>();
}
