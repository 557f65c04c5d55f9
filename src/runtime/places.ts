import type { Destination } from '../call/destination.js'
import type { Region } from '../regions/costs.js'
import type { Regions } from '../regions/regions.js'
import type { Routed } from '../routing/router.js'
import type { Trunk } from '../routing/table.js'

/** Where one destination of a call is. */
export interface Place {
  readonly destination: Destination
  /** A device that no live gateway leads to has to be pushed. */
  readonly how: 'registered' | 'push' | 'trunk' | 'unreachable'
  /** The gateway of its registration, which is the only way to it. */
  readonly gateway: string | undefined
  readonly region: Region
  readonly trunk: Trunk | undefined
}

/** Where the destinations of a step are, as far as it is known. */
export function placesOf(
  { plan, devices, bindings }: Pick<Routed, 'plan' | 'devices' | 'bindings'>,
  regions: Pick<Regions, 'of' | 'isUp'>,
  trunkOf: (name: string) => Trunk | undefined,
): readonly Place[] {
  return plan.destinations.map((destination): Place => {
    switch (destination.kind) {
      case 'outside': {
        const trunk = trunkOf(destination.trunk)
        return { destination, how: 'trunk', gateway: undefined, region: trunk?.region, trunk }
      }
      case 'contact':
      case 'device': {
        const { contact } = destination
        const binding = bindings.find(({ bindingId }) => bindingId === contact?.bindingId)
        if (binding !== undefined && regions.isUp(binding.gateway)) {
          const { gateway } = binding
          return {
            ...{ destination, how: 'registered', gateway, region: regions.of(gateway) },
            trunk: undefined,
          }
        }
        const known =
          destination.kind === 'device'
            ? devices.find(({ id }) => id === destination.device.deviceId)
            : undefined
        // It is near where it was last, wherever it is told to register.
        const region = known?.region ?? binding?.region
        const how = destination.kind === 'device' ? 'push' : 'unreachable'
        return { destination, how, gateway: undefined, region, trunk: undefined }
      }
      default:
        return destination satisfies never
    }
  })
}
