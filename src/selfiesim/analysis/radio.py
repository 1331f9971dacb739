"""The Wi-Fi link from camera to craft: received power from Friis' equation, data rate, and packet loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from selfiesim.scene.downlink import DownlinkSection

SPEED_OF_LIGHT_M_S = 299_792_458.0
BOLTZMANN_J_K = 1.380649e-23  # exact in the SI
_NOISE_TEMPERATURE_K = 290.0  # reference temperature of noise figures

# IEEE 802.11-2016, table 19-23: the weakest signal (dBm, 20 MHz) at which each single-stream rate must work, with one
# packet of 4096 bytes in ten lost. The standard allows for a noise figure of 10 dB and an implementation margin of 5 dB
# (17.3.10.2); thermal noise in 20 MHz is -101 dBm. What remains is the signal-to-noise ratio that the rate needs.
_SENSITIVITY_DBM = {6.5: -82, 13.0: -79, 19.5: -77, 26.0: -74, 39.0: -70, 52.0: -66, 58.5: -65, 65.0: -64}
_THERMAL_DBM, _IMPLEMENTATION_MARGIN_DB = -101.0, 15.0
_TESTED_BYTES, _TESTED_LOSS = 4096, 0.1
_DECADE_DB = 1.0  # assumed: signal increase that divides bit errors by ten; measured curves are about as steep


@dataclass(frozen=True)
class Mode:
    """A data rate (20 MHz) and the signal-to-noise ratio at which the standard tests it."""

    rate_mbit_s: float
    snr_db: float


MODES = tuple(Mode(rate, dbm - _THERMAL_DBM - _IMPLEMENTATION_MARGIN_DB) for rate, dbm in _SENSITIVITY_DBM.items())


@dataclass(frozen=True)
class LinkBudget:
    """The radio link at one range.

    Attributes
    ----------
    range_m, received_dbm, snr_db : float
        Distance, received power, and signal-to-noise ratio.
    rate_mbit_s : float
        Data rate on air.
    loss : float
        Share of packets that do not arrive, after all retries.
    throughput_mbit_s : float
        Net rate of image data; 0 where nothing gets through.
    """

    range_m: float
    received_dbm: float
    snr_db: float
    rate_mbit_s: float
    loss: float
    throughput_mbit_s: float


def path_loss_db(range_m: float, frequency_mhz: float) -> float:
    """Free-space path loss, 20 log10(4 pi d / wavelength) (Friis 1946); held constant within one wavelength."""
    wavelength = SPEED_OF_LIGHT_M_S / (frequency_mhz * 1e6)
    return float(20.0 * np.log10(4.0 * np.pi * max(range_m, wavelength) / wavelength))


def noise_dbm(bandwidth_mhz: float, noise_figure_db: float) -> float:
    """Noise at the receiver's input: thermal noise k T B at 290 K plus the noise figure."""
    return float(10.0 * np.log10(BOLTZMANN_J_K * _NOISE_TEMPERATURE_K * bandwidth_mhz * 1e6) + 30.0 + noise_figure_db)


def packet_loss(snr_db: float, mode: Mode, size: int) -> float:
    """Share of packets of ``size`` bytes that arrive with a bit error."""
    bit_error_at_test = 1.0 - (1.0 - _TESTED_LOSS) ** (1.0 / (8 * _TESTED_BYTES))
    bit_error = min(bit_error_at_test * 10.0 ** ((mode.snr_db - snr_db) / _DECADE_DB), 0.5)
    return float(-np.expm1(8 * size * np.log1p(-bit_error)))


def link_budget(downlink: DownlinkSection, range_m: float) -> LinkBudget:
    """Link budget of a scene's radio at a range, in the fastest mode that leaves ``margin_db``, or else the slowest."""
    gains = downlink.transmit_gain_dbi + downlink.receive_gain_dbi - downlink.losses_db
    received = downlink.transmit_dbm + gains - path_loss_db(range_m, downlink.frequency_mhz)
    snr = received - noise_dbm(downlink.bandwidth_mhz, downlink.noise_figure_db)
    mode = next((mode for mode in reversed(MODES) if snr >= mode.snr_db + downlink.margin_db), MODES[0])
    loss_per_try = packet_loss(snr, mode, downlink.packet_bytes)
    loss = 1.0 - (1.0 - loss_per_try ** (1 + downlink.retries)) * (1.0 - downlink.stray_loss)
    rate = mode.rate_mbit_s * downlink.bandwidth_mhz / 20.0
    throughput = rate * downlink.efficiency * (1.0 - loss_per_try)
    return LinkBudget(range_m, received, snr, rate, loss, throughput if loss < 0.99 else 0.0)
