import type { MediaCounters } from '../../ports/media.js'

export const NO_PACKETS: MediaCounters = { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0, silentIn: 0 }

/** The RTP counters in the text of `uuid_dump`, after `uuid_set_media_stats`. */
export function countersOf(dump: string): MediaCounters {
  const read = (name: string): number => {
    const [, value = '0'] = new RegExp(`^variable_rtp_audio_${name}: (\\d+)`, 'm').exec(dump) ?? []
    return Number(value)
  }
  return {
    packetsIn: read('in_packet_count'),
    bytesIn: read('in_raw_bytes'),
    packetsOut: read('out_packet_count'),
    bytesOut: read('out_raw_bytes'),
    // FreeSWITCH does not listen for silence; it counts comfort noise.
    silentIn: read('in_cng_packet_count'),
  }
}
